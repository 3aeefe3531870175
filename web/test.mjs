// Runs the tests of the tag's modules with Node's own runner; and, before them, the compiler's check of all types.
// node test.mjs
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { here, need, resolve } from './kit.mjs';

const run = (...words) => spawnSync(process.execPath, words, { stdio: 'inherit' }).status === 0;

const typed = ['tag', 'demo'].map((part) => run(resolve('typescript/bin/tsc'), '-p', here(part)));
const names = (await readdir(here('tag/test'))).filter((name) => name.endsWith('.test.ts'));
const out = await mkdtemp(join(tmpdir(), 'wink-tag-'));
await need('esbuild').build({
  entryPoints: names.map((name) => here(`tag/test/${name}`)),
  bundle: true, format: 'esm', platform: 'node', target: 'node20', outdir: out, outExtension: { '.js': '.mjs' }, logLevel: 'error',
});
const tested = run('--test', '--test-reporter=spec', ...names.map((name) => join(out, name.replace(/ts$/, 'mjs'))));
await rm(out, { recursive: true });
process.exit(typed.every(Boolean) && tested ? 0 : 1);
