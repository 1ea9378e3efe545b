// What is taken as a policy, what is refused and how, and what a policy says of itself.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { parse } from '@bytecodealliance/jco-transpile/wasm-tools';

import { Policy, PolicyLoadError } from '../index.js';
import { decimal } from '../src/manifest.js';
import { faulty, folder, shipped } from './support.js';

/** @import { LoadCode } from '../src/errors.js' */

const bytes = await shipped('default');

test('a policy loads from a path, a URL and bytes, and is the same one', async (context) => {
  const path = join(folder(context), 'default.wasm');
  writeFileSync(path, bytes);
  const digest = createHash('sha256').update(bytes).digest('hex');
  for (const source of [path, pathToFileURL(path), bytes, new Uint8Array(bytes)]) {
    assert.equal((await Policy.load(source)).digest, digest);
  }
});

test('the manifest has names and decimals where the component has indexes and integers', async () => {
  const { manifest } = await Policy.load(bytes);
  assert(manifest);
  const { schema, name, version, account_currency } = manifest;
  assert.deepEqual({ schema, name, version, account_currency }, {
    schema: 1,
    name: 'default',
    version: '1',
    account_currency: 'USDT',
  });
  assert.deepEqual(manifest.tiers[1], { name: 'pilot', intent: 'pilot', size: '0.4', budget: 'exploration' });
  assert.deepEqual(manifest.budgets, [
    {
      name: 'exploration', amount: undefined, percent: '3', orders: undefined,
      window: 'day', seconds: 0, zone: 'UTC', scope: 'all',
    },
  ]);
  assert.deepEqual(manifest.symbols[2], {
    name: 'LTC/USDT', shortable: false, step: '0.001', min_quantity: '0.01', min_notional: '5',
  });
  assert.deepEqual(manifest.score_thresholds[0], { field: 'signal_strength', value: 0.65 });
  assert(manifest.reasons.includes('exploration_limit') && manifest.rules.includes('open'));
});

test('another policy says so: shorts are allowed where the document allows them', async () => {
  const { manifest } = await Policy.load(await shipped('long-short'));
  assert(manifest?.symbols.some(({ shortable }) => shortable));
});

test('a component that only takes text has no manifest, and decides', async () => {
  const policy = await Policy.load(await faulty());
  assert.equal(policy.manifest, undefined);
  assert.equal(policy.decide({ final_action: 'HOLD', symbol: 'X', strategy: 's' }).reason, 'hold');
});

test('decimals keep every digit', () => {
  for (const [high, low, scale, expected] of /** @type {[bigint, bigint, number, string][]} */ ([
    [0n, 0n, 0, '0'],
    [0n, 0n, 28, '0'],
    [0n, 5n, 1, '0.5'],
    [0n, 1n, 28, '0.0000000000000000000000000001'],
    [0n, 1000n, 3, '1'],
    [0n, 1200n, 0, '1200'],
    [542101086n, 4477988020393345023n, 0, '9999999999999999999999999999'],
    [542101086n, 4477988020393345023n, 14, '99999999999999.99999999999999'],
  ])) {
    assert.equal(decimal({ high, low, scale }), expected);
  }
});

/** @param {LoadCode} code @param {string | RegExp} message */
const refused = (code, message) => (/** @type {unknown} */ error) => {
  assert(error instanceof PolicyLoadError, `${error}`);
  assert.equal(error.code, code);
  typeof message === 'string' ? assert.equal(error.message, message) : assert.match(error.message, message);
  return true;
};

const TEXT = '`execution-router:policy/routing-json@0.1.0`';
const OTHER_WORLD = `the component is of another world: it does not export ${TEXT}`;
const NO_WASM = 'the file is no WebAssembly; `execution-router build POLICY -o policy.wasm` makes it';
const CORE = 'the file is a core module, and a policy is a component; `wasm-tools component new` makes one';

/** @type {[string, string, LoadCode, string | RegExp][]} */
const COMPONENTS = [
  ['a core module', '(module)', 'core_module', CORE],
  ['a component of no world', '(component)', 'another_world', OTHER_WORLD],
  [
    'a component of another world',
    '(component (core module $m (func (export "f"))) (core instance $i (instantiate $m)) (func $f (canon lift (core func $i "f"))) (export "run" (func $f)))',
    'another_world',
    OTHER_WORLD,
  ],
  [
    'another version of the interface',
    '(component (instance $i) (export "execution-router:policy/routing-json@0.2.0" (instance $i)))',
    'another_world',
    OTHER_WORLD,
  ],
  [
    'the interface without its function',
    '(component (instance $i) (export "execution-router:policy/routing-json@0.1.0" (instance $i)))',
    'another_world',
    OTHER_WORLD,
  ],
  [
    'a component that imports a clock',
    `(component
      (import "wasi:clocks/wall-clock@0.2.0" (instance $clock (export "now" (func (result u64)))))
      (alias export $clock "now" (func $now))
      (core func $lowered (canon lower (func $now)))
      (core module $m (import "clock" "now" (func (result i64))) (func (export "f") (result i64) (call 0)))
      (core instance $c (export "now" (func $lowered)))
      (core instance $i (instantiate $m (with "clock" (instance $c))))
      (func $f (result u64) (canon lift (core func $i "f")))
      (export "run" (func $f)))`,
    'imports',
    'the component imports `wasi:clocks/wall-clock`, and a policy imports nothing',
  ],
  [
    'one that traps as it starts',
    '(component (core module $m (func $s unreachable) (start $s)) (core instance (instantiate $m)))',
    'broken',
    'the component does not start: unreachable',
  ],
  [
    'more memory than there can be',
    '(component (core module $m (memory 70000)) (core instance (instantiate $m)))',
    'damaged',
    /^the component is damaged: memory size must be at most/,
  ],
];

for (const [name, text, code, message] of COMPONENTS) {
  test(`refused: ${name}`, async () => {
    await assert.rejects(Policy.load(await parse(text)), refused(code, message));
  });
}

const flipped = Uint8Array.from(bytes, (byte, at) => (at === 5_000 ? byte ^ 0xff : byte));

/** @type {[string, string | Uint8Array, LoadCode, string | RegExp][]} */
const FILES = [
  ['a file that is not there', '/no/such/policy.wasm', 'unreadable', /^`\/no\/such\/policy\.wasm` cannot be read: ENOENT/],
  ['a folder', '/', 'unreadable', /^`\/` cannot be read: EISDIR/],
  ['no bytes', new Uint8Array(), 'not_a_component', NO_WASM],
  ['a document', new TextEncoder().encode('name: default\nversion: 1\n'), 'not_a_component', NO_WASM],
  ['half a beginning', bytes.slice(0, 3), 'not_a_component', NO_WASM],
  ['a component that is cut off', bytes.slice(0, 500), 'damaged', /^the component is damaged: unexpected end-of-file/],
  ['one with a bad byte', flipped, 'damaged', /^the component is damaged: \w/],
  [
    'more bytes than a component may have',
    new Uint8Array((32 << 20) + 1),
    'not_a_component',
    'the file has 33554433 bytes, and 33554432 are the bound',
  ],
];

for (const [name, source, code, message] of FILES) {
  test(`refused: ${name}`, async () => {
    await assert.rejects(Policy.load(source), refused(code, message));
  });
}

test('what is neither a path nor bytes is a mistake of the program', async () => {
  for (const source of [undefined, null, 5, {}, [0]]) {
    // @ts-expect-error the compiler says so too
    const loading = Policy.load(source);
    await assert.rejects(loading, new TypeError('a policy is loaded from a path, a URL of a file, or its bytes'));
  }
});
