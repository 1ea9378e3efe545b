// What `npm run build` makes: it decides without anything beside it, and TypeScript knows it.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { digestOf } from '../src/component.js';
import { buy, folder, inRepository, shipped } from './support.js';

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

/** @param {string[]} args @param {string} cwd */
function node(args, cwd) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, INIT_CWD: cwd },
  });
  return { status, stdout, stderr };
}

/** @param {string[]} args @param {string} cwd */
const build = (args, cwd) => node([here('../build.js'), ...args], cwd);

test('a policy becomes a folder that decides on its own', async (context) => {
  const cwd = folder(context);
  assert.deepEqual(build([inRepository('policies/default'), '-o', 'made'], cwd), {
    status: 0,
    stdout: `${join(cwd, 'made')}\n`,
    stderr: '',
  });
  assert.deepEqual(readdirSync(join(cwd, 'made')).sort(), [
    'component.core.wasm', 'component.js', 'host', 'index.d.ts', 'index.js',
  ]);
  const { Policy, PolicyLoadError } = await import(pathToFileURL(join(cwd, 'made/index.js')).href);
  const policy = await Policy.load();
  assert.equal(policy.digest, digestOf(await shipped('default')));
  assert.equal(policy.manifest.name, 'default');
  assert.equal(policy.decide(buy()).quantity, '0.005');
  assert.throws(() => policy.decide(buy({ price: 'x' })), { name: 'RequestRefused', field: 'price' });
  writeFileSync(join(cwd, 'made/component.core.wasm'), 'no longer there');
  await assert.rejects(Policy.load(), (error) => {
    assert(error instanceof PolicyLoadError);
    assert.match(String(error), /does not compile$/);
    return true;
  });
});

test('a component is built as it is, and the same files again', async (context) => {
  const cwd = folder(context);
  writeFileSync(join(cwd, 'mine.wasm'), await shipped('cautious'));
  for (const out of ['one', 'two']) {
    assert.equal(build(['mine.wasm', '-o', out], cwd).status, 0);
  }
  for (const file of readdirSync(join(cwd, 'one'), { recursive: true, encoding: 'utf8' })) {
    if (/\.\w+$/.test(file)) {
      assert.deepEqual(readFileSync(join(cwd, 'one', file)), readFileSync(join(cwd, 'two', file)), file);
    }
  }
});

test('what cannot be built is told in a line', (context) => {
  const cwd = folder(context);
  writeFileSync(join(cwd, 'policy.yaml'), 'name: mine\nversion: 1\n');
  writeFileSync(join(cwd, 'core.wasm'), Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  for (const [policy, message] of /** @type {[string, RegExp][]} */ ([
    ['none.wasm', /^`.*none\.wasm` cannot be read: ENOENT.*\n$/],
    ['core.wasm', /^the file is a core module, and a policy is a component; `wasm-tools component new` makes one\n$/],
    ['policy.yaml', /policy\.yaml: .*`account_currency`/],
  ])) {
    const { status, stdout, stderr } = build([policy, '-o', 'out'], cwd);
    assert.deepEqual([status, stdout], [2, '']);
    assert.match(stderr, message);
  }
});

const USED = `import { Policy, PolicyFault, RequestRefused, type Decision, type Request } from './made/index.js';

const policy = await Policy.load();
const request: Request = { final_action: 'BUY', symbol: 'A', strategy: 's', position: null, price: '1.5' };
try {
  const decision: Decision = policy.decide(request, { trading_state: 'ACTIVE' });
  const quantity: string | undefined = decision.quantity;
  console.log(quantity, policy.manifest?.budgets[0]?.percent);
} catch (error) {
  if (error instanceof RequestRefused) console.log(error.field, error.code);
  if (error instanceof PolicyFault) console.log(error.code === 'trapped');
}
// @ts-expect-error no such side
policy.decide({ ...request, position: { side: 'up', quantity: 1 } });
// @ts-expect-error no such field
policy.decide({ final_action: 'BUY', symbol: 'A', strategy: 's', pric: 1 });
// @ts-expect-error an amount is text
const notional: number = policy.decide(request).notional;
// @ts-expect-error no such state
policy.decide(request, { trading_state: 'OFF' });
`;

test('TypeScript knows what it takes and gives', (context) => {
  const cwd = folder(context);
  assert.equal(build(['-o', 'made'], cwd).status, 0);
  writeFileSync(join(cwd, 'used.ts'), USED);
  writeFileSync(join(cwd, 'package.json'), '{ "type": "module" }');
  const compiler = here('../node_modules/typescript/bin/tsc');
  const options = ['--strict', '--noEmit', '--module', 'NodeNext', '--target', 'ES2022', '--lib', 'ES2022,DOM'];
  const { status, stdout } = node([compiler, ...options, 'used.ts'], cwd);
  assert.equal(stdout, '');
  assert.equal(status, 0);
});
