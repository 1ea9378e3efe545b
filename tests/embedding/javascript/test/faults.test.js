// A policy that is at fault: what its callers see, and that the next call is answered.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DeadlinePolicy, Policy, PolicyFault, PolicyLoadError, RequestRefused } from '../index.js';
import { decisionOf } from '../src/policy.js';
import { buy, faulty, prepared, shipped } from './support.js';

/** @import { FaultCode } from '../src/errors.js' */

const bytes = await faulty();

/** @param {string} symbol */
const hold = (symbol) => ({ final_action: 'HOLD', symbol, strategy: 's' });

/** @param {FaultCode} code @param {RegExp} message */
const fault = (code, message) => (/** @type {unknown} */ error) => {
  assert(error instanceof PolicyFault, `${error}`);
  assert.equal(error.code, code);
  assert.match(error.message, message);
  return true;
};

const UNREADABLE = /^the policy answers with something that is no decision$/;

/** @type {[string, string, FaultCode, RegExp][]} */
const FAULTS = [
  ['it gives up', '!T', 'trapped', /^the policy trapped: .*unreachable/],
  ['its calls go too deep', '!D', 'trapped', /^the policy trapped: Maximum call stack size exceeded$/],
  ['its answer is outside of its memory', '!O', 'trapped', /^the policy trapped: Invalid typed array length: \d+$/],
  ['the request is more than it takes', 'x'.repeat(200_000), 'trapped', /^the policy trapped: /],
  ['its answer is cut off', '!J', 'unreadable_answer', UNREADABLE],
  ['its answer is empty', '!E', 'unreadable_answer', UNREADABLE],
];

for (const [name, symbol, code, message] of FAULTS) {
  test(`${name}: a fault, and the next call is answered`, async () => {
    const policy = await Policy.load(bytes);
    const sound = policy.decide(hold('X'));
    for (let round = 1; round <= 3; round += 1) {
      assert.throws(() => policy.decide(hold(symbol)), fault(code, message));
      assert.equal(policy.faults, round);
      assert.deepEqual(policy.decide(hold('X')), sound);
    }
  });
}

test('a trap tells its cause', async () => {
  const policy = await Policy.load(bytes);
  assert.throws(() => policy.decide(hold('!T')), ({ cause }) => cause instanceof WebAssembly.RuntimeError);
});

test('a thousand traps keep no instance', async () => {
  const policy = await Policy.load(bytes);
  for (let round = 0; round < 1_000; round += 1) {
    assert.throws(() => policy.decideText('!T'), PolicyFault);
  }
  assert.equal(policy.decide(hold('X')).side, 'SKIP');
});

test('answers that are no decisions', () => {
  for (const answer of ['', '{', 'null', '5', '"BUY"', '[]', '{}', '{"side":1}']) {
    assert.throws(() => decisionOf(answer), fault('unreadable_answer', UNREADABLE));
  }
  const error = { code: 'no_route', message: 'the policy has no answer to this request' };
  const none = JSON.stringify({ side: 'SKIP', error });
  assert.throws(() => decisionOf(none), fault('no_route', /^the policy has no answer to this request$/));
});

test('a policy with a deadline decides as it does without', async () => {
  const component = await shipped('default');
  const [policy, bounded] = [await Policy.load(component), await DeadlinePolicy.load(component, { deadlineMs: 2_000 })];
  const requests = ['BUY', 'SELL', 'HOLD'].map((final_action) => buy({ final_action }));
  const decisions = await Promise.all(requests.map((request) => bounded.decide(request)));
  assert.deepEqual(decisions, requests.map((request) => policy.decide(request)));
  await assert.rejects(bounded.decide(buy({ price: 0 })), { name: 'RequestRefused', field: 'price' });
  await assert.rejects(bounded.decide(buy({ tags: { a: 'x'.repeat(1 << 20) } })), RequestRefused);
  await bounded.close();
});

test('a policy that never ends is ended, and the next call is answered', async () => {
  const policy = await DeadlinePolicy.load(bytes, { deadlineMs: 1_000 });
  const sound = await policy.decide(hold('X'));
  const endless = policy.decide(hold('!L'));
  // Asked before that is over: it waits its turn, in a new worker.
  const next = policy.decide(hold('X'));
  await assert.rejects(endless, fault('deadline', /^the policy takes more than 1000 ms for one decision$/));
  assert.deepEqual(await next, sound);
  await assert.rejects(policy.decide(hold('!T')), fault('trapped', /^the policy trapped: /));
  assert.deepEqual(await policy.decide(hold('X')), sound);
  await policy.close();
  assert.deepEqual(await policy.decide(hold('X')), sound);
  await policy.close();
});

test('with a deadline too, what is no policy is not loaded', async () => {
  const core = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  const empty = new Uint8Array([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]);
  await assert.rejects(DeadlinePolicy.load(core), { name: 'PolicyLoadError', code: 'core_module' });
  await assert.rejects(DeadlinePolicy.load(empty), (error) => error instanceof PolicyLoadError && error.code === 'another_world');
});

const trapping = prepared('trapping');

test('the trapping policy of the conformance suite', { skip: !trapping && 'not laid out' }, async () => {
  const policy = await Policy.load(/** @type {Uint8Array} */ (trapping?.component));
  const sound = policy.decide(hold('BTC/USDT'));
  assert.throws(() => policy.decide(hold('TRAP')), fault('trapped', /^the policy trapped: /));
  assert.deepEqual(policy.decide(hold('BTC/USDT')), sound);
});
