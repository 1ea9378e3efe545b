// The README's code, run as it stands there.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { buildModule } from '../src/build.js';
import { folder, shipped } from './support.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const [loaded = '', deadline = '', built = ''] = [...readme.matchAll(/```js\n([^]*?)```/g)].map(([, code]) => String(code));
const component = await shipped('default');

/**
 * What the code prints, run in a folder that has a `default.wasm`, and a built module.
 *
 * @param {import('node:test').TestContext} context
 * @param {string} code
 */
async function printed(context, code) {
  const cwd = folder(context);
  writeFileSync(join(cwd, 'default.wasm'), component);
  mkdirSync(join(cwd, 'dist'));
  await buildModule(join(cwd, 'default.wasm'), join(cwd, 'dist/default'));
  writeFileSync(join(cwd, 'used.mjs'), code.replace("'./index.js'", `'${new URL('../index.js', import.meta.url)}'`));
  const { stdout, stderr } = spawnSync(process.execPath, ['used.mjs'], { cwd, encoding: 'utf8' });
  assert.equal(stderr, '');
  return stdout;
}

test('in Node', async (context) => {
  const code = `${loaded}\nconsole.log(JSON.stringify([side, quantity, reason, budget]));`;
  const budget = '{"name":"exploration","need":"200","used":"0","reserved":"0","limit":"300","remaining":"300"}';
  assert.equal(await printed(context, code), `not_a_decimal price\n["BUY","0.002","open_long",${budget}]\n`);
});

test('with a deadline', async (context) => {
  const values = /const request = [^]*?;\nconst state = .*;\n/.exec(loaded)?.[0];
  assert.equal(await printed(context, `${deadline.replace('50', '5000')}`.replace('const {', `${values}const {`) + 'console.log(side);'), 'BUY\n');
});

test('without jco', async (context) => {
  assert.equal(await printed(context, `${built}console.log(policy.manifest.name);`), 'default\n');
});
