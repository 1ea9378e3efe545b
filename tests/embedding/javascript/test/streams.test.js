// Real streams: the same decisions as the router's, whatever was decided before, in constant memory.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Policy } from '../index.js';
import { faulty, folder, recorded, shipped } from './support.js';

const bytes = await shipped('default');
const policy = await Policy.load(bytes);
const STREAMS = ['btc_usdt_2022-01', 'altcoins_2018-01'];
const cases = STREAMS.flatMap(recorded);

for (const name of STREAMS) {
  test(`the stream ${name} is decided as the router decides it`, () => {
    const stream = recorded(name);
    assert(stream.length >= 2_000);
    for (const { request, state, expected } of stream) {
      assert.equal(policy.decideText(request, state), expected, request);
      assert.deepEqual(policy.decide(JSON.parse(request), JSON.parse(state)), JSON.parse(expected));
    }
  });
}

test('ten thousand decisions depend on nothing that was decided before', async () => {
  const other = await Policy.load(bytes);
  const rounds = Array.from({ length: 3 }, () => cases).flat();
  assert(rounds.length > 10_000);
  for (const { request, state, expected } of rounds.reverse()) {
    assert.equal(other.decideText(request, state), expected);
  }
});

test('a hundred thousand decisions leave no memory behind', () => {
  const script = fileURLToPath(new URL('./memory.js', import.meta.url));
  const { stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', script], { encoding: 'utf8' });
  assert.equal(stderr, '');
  const { heap, resident } = JSON.parse(stdout);
  console.log(`heap ${heap} B, resident ${resident} B more after 100,000 decisions`);
  // The least that could be kept of each, an empty object and its place in a list, is 2 MB and more.
  assert(heap < 500_000, `${heap} bytes of heap are left behind`);
  // V8 takes and gives back some tens of megabytes as it likes; a page of WebAssembly memory for
  // each hundredth decision would be 64 MB.
  assert(resident < 64_000_000, `${resident} bytes more are resident`);
});

/**
 * @param {Uint8Array} component
 * @param {{ request: string, state: string }[]} lines
 * @param {import('node:test').TestContext} context
 */
function runner(component, lines, context) {
  const wasm = join(folder(context), 'policy.wasm');
  writeFileSync(wasm, component);
  const script = fileURLToPath(new URL('../runner.mjs', import.meta.url));
  const input = lines.map(({ request, state }) => `${JSON.stringify({ request, state })}\n`).join('');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, '--time', wasm], {
    input,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  assert.equal(status, 0, stderr);
  return { answers: stdout.split('\n'), times: JSON.parse(stderr) };
}

test('the runner answers each line with the text that the policy gives', (context) => {
  // Ends no line but for some readers.
  const odd = { request: '{"final_action":"BUY","strategy":"\u2028"}', state: '{}' };
  const { answers, times } = runner(bytes, [...cases, odd], context);
  const refused = '{"side":"SKIP","error":{"code":"field_missing","message":"`symbol` is missing; it must be a string of 1 to 64 bytes"}}';
  assert.deepEqual(answers, [...cases.map(({ expected }) => expected), refused, '']);
  assert.equal(times.cases, cases.length + 1);
  assert(times.nanoseconds_total > 0 && times.load_nanoseconds > 0);
  assert.match(times.runtime, /^node \d/);
});

test('the runner goes on after a trap', async (context) => {
  const lines = ['X', '!T', 'X', '!D', 'X'].map((request) => ({ request, state: '{}' }));
  const { answers } = runner(await faulty(), lines, context);
  const fault = '{"side":"SKIP","error":{"code":"policy_fault","message":"the policy trapped: wasm trap: wasm `unreachable` instruction executed"}}';
  assert.equal(answers[1], fault);
  assert.match(String(answers[3]), /^\{"side":"SKIP","error":\{"code":"policy_fault"/);
  assert.deepEqual([answers[2], answers[4]], [answers[0], answers[0]]);
});
