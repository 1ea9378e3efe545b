// `npm run build -- [POLICY] [-o FOLDER] [--page]`: a policy as an ES module, or as a page.

import { basename, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { buildModule, buildPage, withComponent } from './src/build.js';

const DEFAULT_POLICY = fileURLToPath(new URL('../../../policies/default', import.meta.url));

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { out: { type: 'string', short: 'o' }, page: { type: 'boolean', default: false } },
});
// npm runs scripts in the package's folder; what a person types is relative to their own.
const from = process.env.INIT_CWD ?? '.';
const policy = positionals[0] === undefined ? DEFAULT_POLICY : resolve(from, positionals[0]);
const name = values.page ? 'page' : basename(policy).replace(/\.\w+$/, '');
const folder = values.out === undefined ? fileURLToPath(new URL(`./dist/${name}`, import.meta.url)) : resolve(from, values.out);

try {
  await withComponent(policy, (wasm) => (values.page ? buildPage : buildModule)(wasm, folder));
  console.log(folder);
} catch (error) {
  console.error(/** @type {Error} */ (error).message);
  process.exitCode = 2;
}
