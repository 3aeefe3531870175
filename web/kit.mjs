// What the scripts here have in common: the tools, wherever they were fetched to, and how the tag is bundled.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/** `cargo xtask test` fetches the tools and says where they are; `npm install` in this folder is as good. */
const fetched = process.env.WINK_TEST_CLIENTS;
const tools = createRequire(fetched ? `${fetched}/web/` : import.meta.url);

export const need = (name) => tools(name);
export const resolve = (name) => tools.resolve(name);
export const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** The most the tag may have, packed: it is on every page of a shop. */
export const TAG_BYTES_MAX = 5_000;

/** Bundles the tag. `change` may change a module's text before it is read: that is how a test plants a mistake. */
export async function bundleTag(change = (_file, text) => text) {
  const { build } = need('esbuild');
  const { readFile } = await import('node:fs/promises');
  const plugin = {
    name: 'change',
    setup: (setup) => setup.onLoad({ filter: /\.ts$/ }, async ({ path }) => ({
      contents: change(path.slice(here('tag/src/').length), await readFile(path, 'utf8')),
      loader: 'ts',
    })),
  };
  const { outputFiles: [file] } = await build({
    entryPoints: [here('tag/src/main.ts')],
    bundle: true, minify: true, write: false, format: 'iife', target: 'es2022', charset: 'utf8', logLevel: 'error', plugins: [plugin],
    // A script that is strict by its types need not say so in its bytes.
    tsconfigRaw: {},
  });
  return file.text;
}

/** How many bytes a browser fetches, or some more: the server takes longer over it (Zopfli), and its own test holds it to the bound. */
export const packed = (text) => Math.ceil(0.99 * gzipSync(text, { level: 9 }).length);
