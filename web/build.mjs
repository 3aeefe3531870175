// Builds the tag into `tag/dist/tag.js`, which is committed: so the server is built without Node.
// node build.mjs [--check]: with `--check` it writes nothing, and fails if what is committed is not what the source says, or too large
import { readFile, writeFile } from 'node:fs/promises';
import { bundleTag, here, packed, TAG_BYTES_MAX } from './kit.mjs';

const built = await bundleTag();
const path = here('tag/dist/tag.js');
if (process.argv.includes('--check')) {
  const committed = await readFile(path, 'utf8');
  if (committed !== built) fail('web/tag/dist/tag.js is not what its source says: `node web/build.mjs` writes it');
} else {
  await writeFile(path, built);
}
console.log(`tag.js: ${built.length} bytes, ${packed(built)} packed, of ${TAG_BYTES_MAX}`);
if (TAG_BYTES_MAX < packed(built)) fail('the tag is too large');

function fail(why) {
  console.error(why);
  process.exit(1);
}
