// Requests in JavaScript's values: what is decided, what is refused and at which field, and that
// no amount is ever computed with.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Policy, RequestRefused } from '../index.js';
import { TEXT_CHARS_MAX } from '../src/policy.js';
import { textOf } from '../src/text.js';
import { buy, shipped, UNUSED } from './support.js';

/** @import { State } from '../src/types.js' */

const policy = await Policy.load(await shipped('default'));

test('an opening, with its amounts as text', () => {
  assert.deepEqual(policy.decide(buy({ id: 'a', tags: { bot: 'ä "1"' }, stop_loss: '97500.10', signal_score: -0.7 })), {
    id: 'a',
    symbol: 'BTC/USDT',
    final_action: 'BUY',
    tags: { bot: 'ä "1"' },
    side: 'BUY',
    order_intent: 'normal',
    reason: 'open_long',
    rule: 'open',
    position_effect: 'open',
    position_side: 'long',
    reduce_only: false,
    quantity: '0.005',
    notional: '500',
    metadata: {
      strategy: 'trend',
      order_intent: 'normal',
      is_exploration: false,
      is_pilot: false,
      is_normal: true,
      signal_score: -0.7,
      stop_loss: '97500.10',
    },
    policy: { name: 'default', version: '1' },
  });
});

/** @param {Record<string, unknown>} more @param {State | undefined} state @param {object} expected */
function decides(more, state, expected) {
  const decision = policy.decide(buy(more), state);
  const named = Object.keys(expected).map((key) => [key, decision[/** @type {keyof typeof decision} */ (key)]]);
  assert.deepEqual(Object.fromEntries(named), expected);
}

test('decisions', () => {
  const long = { side: /** @type {const} */ ('long'), quantity: 2 };
  const pilot = { trade_type: 'pilot', equity: '10000' };
  decides({ final_action: 'hold' }, undefined, { side: 'SKIP', reason: 'hold_signal' });
  decides({ final_action: 'STRONG_BUY' }, undefined, { side: 'SKIP', reason: 'unknown_action' });
  decides({ final_action: 'SELL' }, undefined, { side: 'SKIP', reason: 'shorting_disabled', reduce_only: false });
  decides({ final_action: 'CLOSE', position: long }, undefined, { side: 'SELL', quantity: '2', reduce_only: true });
  decides(pilot, UNUSED, {
    notional: '200',
    budget: { name: 'exploration', need: '200', used: '0', reserved: '0', limit: '300', remaining: '300' },
  });
  decides(pilot, { budgets: [{ used: 100.5, reserved: '0', orders: 1 }] }, { side: 'SKIP', reason: 'exploration_limit' });
  decides({}, { trading_state: 'REDUCING' }, { side: 'SKIP', reason: 'reducing_only' });
  decides({ final_action: 'CLOSE', position: long }, { trading_state: 'HALTED' }, { reason: 'trading_halted' });
});

test('a close drops what is faulty and says so', () => {
  const { side, warnings } = policy.decide(buy({ final_action: 'CLOSE', position: { side: 'long', quantity: '2' }, price: NaN }));
  assert.equal(side, 'SELL');
  assert.deepEqual(warnings, [
    { code: 'not_finite', field: 'price', message: '`price` is `"NaN"`; it must be a decimal above 0' },
  ]);
});

test('an amount is taken by its shortest text', () => {
  const decimal = { toJSON: () => '0.10000000000000000000001' };
  for (const [given, notional, price = '1'] of /** @type {[any, string, string?][]} */ ([
    ['0.1', '0.1'],
    [0.1, '0.1'],
    [0.1 + 0.2, '0.30000000000000004'],
    [1e21, '1000000000000000000000', '1000'],
    [2.5e-7, '0.00000025'],
    [9007199254740993n, '9007199254740993'],
    ['99999999999999999999', '99999999999999999999'],
    ['1.50', '1.5'],
    ['15e-1', '1.5'],
    [decimal, '0.10000000000000000000001'],
  ])) {
    decides({ target_notional: given, price }, undefined, { notional });
  }
});

test('an amount comes back as text, whatever it was given as', () => {
  const { metadata } = policy.decide(buy({ stop_loss: 12345678901234567890n, take_profit: 1.5 }));
  assert.deepEqual([metadata.stop_loss, metadata.take_profit], ['12345678901234567890', '1.5']);
});

/** @param {any} request @param {any} state @param {string} code @param {string | undefined} field @param {string} message */
function refuses(request, state, code, field, message) {
  assert.throws(() => policy.decide(request, state), (error) => {
    assert(error instanceof RequestRefused, `${error}`);
    assert.deepEqual([error.code, error.field, error.message], [code, field, message]);
    return true;
  });
}

test('faulty requests are refused at their field', () => {
  const above0 = 'it must be a decimal above 0';
  const name = 'it must be a string of 1 to 64 bytes';
  for (const [more, code, field, message] of /** @type {[object, string, string, string][]} */ ([
    [{ price: NaN }, 'not_finite', 'price', `\`price\` is \`"NaN"\`; ${above0}`],
    [{ price: -Infinity }, 'not_finite', 'price', `\`price\` is \`"-Infinity"\`; ${above0}`],
    [{ price: -1 }, 'negative', 'price', `\`price\` is \`"-1"\`; ${above0}`],
    [{ price: 0 }, 'not_positive', 'price', `\`price\` is \`"0"\`; ${above0}`],
    [{ price: '1,5' }, 'not_a_decimal', 'price', `\`price\` is \`"1,5"\`; ${above0}`],
    [{ price: '1'.repeat(29) }, 'overlong', 'price', `\`price\` is \`"${'1'.repeat(29)}"\`; written out, it must have at most 28 digits`],
    [{ price: {} }, 'wrong_type', 'price', `\`price\` is \`{}\`; ${above0}`],
    [{ price: true }, 'wrong_type', 'price', `\`price\` is \`true\`; ${above0}`],
    [{ signal_score: '0.5' }, 'wrong_type', 'signal_score', '`signal_score` is `"0.5"`; it must be a finite number'],
    [{ signal_score: NaN }, 'wrong_type', 'signal_score', '`signal_score` is `"NaN"`; it must be a finite number'],
    [{ signal_score: 1n }, 'wrong_type', 'signal_score', '`signal_score` is `"1"`; it must be a finite number'],
    [{ symbol: 7 }, 'wrong_type', 'symbol', `\`symbol\` is \`7\`; ${name}`],
    [{ symbol: '' }, 'empty', 'symbol', `\`symbol\` is \`""\`; ${name}`],
    [{ symbol: '\ud800' }, 'bad_escape', 'symbol', `\`symbol\` is \`"\\ud800"\`; ${name}`],
    [{ position: undefined }, 'position_missing', 'position', '`position` is missing; BUY, SELL and CLOSE need it, and `null` says flat'],
    [{ position: { side: 'up', quantity: 1 } }, 'unknown_side', 'position.side', '`position.side` is `"up"`; it must be `long` or `short`'],
    [{ trade_type: 'swing' }, 'unknown_trade_type', 'trade_type', '`trade_type` is `"swing"`; it must be `normal`, `pilot`, `exploration`, `exit`, `risk` or `auto`'],
    [{ tags: { a: 1 } }, 'wrong_type', 'tags.a', '`tags.a` is `1`; it must be a string'],
    [{ pric: 1 }, 'unknown_field', 'pric', '`pric` is no field of a request; did you mean `price`'],
    [{ target_notional: undefined }, 'field_missing', 'target_notional', '`target_notional` is missing; the route needs it'],
    [{ target_notional: null }, 'field_missing', 'target_notional', '`target_notional` is missing; the route needs it'],
  ])) {
    refuses(buy(/** @type {any} */ (more)), undefined, code, field, message);
  }
});

test('faulty states are refused too', () => {
  const pilot = buy({ trade_type: 'pilot', equity: 1 });
  const each = '`budgets` of the state must have one entry for each budget of the policy';
  refuses(pilot, {}, 'budgets_missing', 'budgets', each);
  refuses(pilot, { budgets: [] }, 'budgets_missing', 'budgets', each);
  refuses(pilot, { budget: [] }, 'unknown_field', 'budget', '`budget` is no field of the state; did you mean `budgets`');
  refuses(pilot, { trading_state: 'OFF' }, 'unknown_trading_state', 'trading_state', '`trading_state` is `"OFF"`; it must be `ACTIVE`, `REDUCING` or `HALTED`');
  refuses(pilot, { budgets: [{ used: -1, reserved: 0, orders: 0 }] }, 'negative', 'budgets.used', '`budgets.used` is `"-1"`; it must be a decimal of 0 or more');
  refuses(pilot, [], 'not_an_object', undefined, 'the state is no object; it must be `{"trading_state", "budgets"}`');
});

test('a refusal says whose request it was', () => {
  assert.throws(() => policy.decide(buy({ id: 'a1', price: 0 })), { name: 'RequestRefused', id: 'a1', symbol: 'BTC/USDT' });
});

test('what is no request at all', () => {
  refuses(42, undefined, 'not_an_object', undefined, 'the line is `42`; it must be one object');
  refuses(null, undefined, 'not_an_object', undefined, 'the line is `null`; it must be one object');
  refuses([], undefined, 'not_an_object', undefined, 'the line is `[]`; it must be one object');
  refuses({}, undefined, 'field_missing', 'final_action', '`final_action` is missing; it must be a string');
});

test('what JSON cannot say is a mistake of the program', () => {
  /** @type {{ position?: unknown }} */
  const cyclic = {};
  cyclic.position = cyclic;
  const taken = (/** @type {any} */ value) => () => textOf(value);
  assert.throws(taken(undefined), new TypeError('what is to be decided is undefined; it must be an object'));
  assert.throws(taken({ price: () => 1 }), new TypeError('`price` is a function, and no request has one'));
  assert.throws(taken({ tags: { a: Symbol('x') } }), new TypeError('`a` is a symbol, and no request has one'));
  assert.throws(taken(cyclic), TypeError);
});

test('text goes in and comes out as it is', () => {
  const flat = '{"final_action":"BUY","symbol":"BTC/USDT","strategy":"s","position":null';
  for (const [request, state, expected] of /** @type {[string, string | undefined, RegExp][]} */ ([
    [`${flat},"price":1e2,"target_notional":1.10,"stop_loss":4.650e1}`, undefined, /"notional":"1.1",.*"stop_loss":4.650e1/],
    [`${flat},"price":1e400}`, '{}', /"error":\{"code":"overlong"/],
    [`${flat}`, '{}', /"error":\{"code":"bad_json"/],
    ['', '{}', /"error":\{"code":"empty_line"/],
    [`${flat}}`, '{', /"error":\{"code":"bad_json"/],
    [`${flat},"price":NaN}`, '{}', /"error":\{"code":"not_finite"/],
  ])) {
    assert.match(policy.decideText(request, state), expected);
  }
});

test('text that no policy is handed', () => {
  const long = { name: 'RequestRefused', code: 'line_too_long', message: `the line is longer than ${TEXT_CHARS_MAX} characters` };
  const half = { name: 'RequestRefused', code: 'bad_json', message: 'the line has half of a surrogate pair' };
  const object = new TypeError('a request and a state are strings here; `decide` takes objects');
  assert.throws(() => policy.decideText('x'.repeat(TEXT_CHARS_MAX + 1)), long);
  assert.throws(() => policy.decideText('{}', ' '.repeat(TEXT_CHARS_MAX + 1)), long);
  assert.throws(() => policy.decideText('{"symbol":"\ud83d"}'), half);
  // @ts-expect-error the compiler says so too
  assert.throws(() => policy.decideText({}), object);
  // @ts-expect-error as above
  assert.throws(() => policy.decideText('{}', null), object);
});

test('none of that was the policy’s fault', () => {
  assert.equal(policy.faults, 0);
});
