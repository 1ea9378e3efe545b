// What the policy answers, a reason at a time.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ONE, ZERO, amount, decimal, isBelow, isBelowProduct, least, minus, times, toDecimal } from '../src/amount.js';
import { Refused, decide, routing } from '../src/policy.js';

const { reasons } = routing.describe();

/** @param {number} number */
const whole = (number) => ({ high: 0n, low: BigInt(number), scale: 0 });
/** @param {number} quantity */
const long = (quantity) => ({ side: /** @type {const} */ ('long'), quantity: whole(quantity) });
/** @param {number} quantity */
const short = (quantity) => ({ side: /** @type {const} */ ('short'), quantity: whole(quantity) });

/**
 * A BUY of 1000 at 50000, flat.
 * @type {import('../routing.js').OrderTerms}
 */
const BUY = {
  finalAction: 'buy',
  tradeType: 'normal',
  working: { opening: whole(0), closing: whole(0) },
  price: whole(50_000),
  targetNotional: whole(1_000),
  sized: false,
};

/**
 * @param {Partial<import('../routing.js').OrderTerms>} terms
 * @param {string} reason
 * @param {import('../routing.js').TradingState} state
 */
function skips(terms, reason, state = 'active') {
  const decision = decide({ ...BUY, ...terms }, state);
  assert.deepEqual([decision.side, decision.effect, reasons[decision.reason]], ['skip', 'none', reason]);
}

/**
 * @param {Partial<import('../routing.js').OrderTerms>} terms
 * @param {import('../routing.js').Side} side
 * @param {number} quantity
 */
function closes(terms, side, quantity) {
  const decision = decide({ ...BUY, price: undefined, targetNotional: undefined, ...terms }, 'active');
  assert.deepEqual([decision.side, decision.effect, decision.quantity], [side, 'close', whole(quantity)]);
}

test('a BUY when flat opens what is asked for', () => {
  const decision = decide(BUY, 'active');
  assert.deepEqual([decision.side, decision.effect, decision.notional], ['buy', 'open', whole(1_000)]);
  assert.equal(reasons[decision.reason], 'open_long');
});

test('what an opening needs is asked for', () => {
  assert.throws(() => decide({ ...BUY, targetNotional: undefined }, 'active'), new Refused('target-notional'));
  assert.throws(() => decide({ ...BUY, price: undefined }, 'active'), new Refused('price'));
  const [refused] = routing.decideBatch(['A', 'B'], [], [
    { symbol: 0, strategy: 1, terms: { ...BUY, price: undefined }, tradingState: 'active' },
  ]);
  assert.deepEqual(refused, { tag: 'err', val: { kind: 'field-missing', field: 'price' } });
});

test('what reduces a position closes it, whatever else is missing', () => {
  closes({ position: short(3) }, 'buy', 3);
  closes({ finalAction: 'sell', position: long(3) }, 'sell', 3);
  closes({ finalAction: 'close', position: long(3), closeQuantity: whole(1) }, 'sell', 1);
  closes({ finalAction: 'close', position: long(3), closeQuantity: whole(9) }, 'sell', 3);
  closes({ finalAction: 'close', position: long(3), working: { opening: whole(0), closing: whole(2) } }, 'sell', 1);
  const working = { opening: whole(0), closing: whole(3) };
  skips({ finalAction: 'close', position: long(3), working }, 'already_closing');
});

test('a halt lets risk management through alone', () => {
  skips({ finalAction: 'close', position: long(3) }, 'trading_halted', 'halted');
  skips({}, 'trading_halted', 'halted');
  const decision = decide({ ...BUY, finalAction: 'close', tradeType: 'risk', position: long(3) }, 'halted');
  assert.deepEqual([decision.side, decision.intent], ['sell', 'risk']);
});

test('what may not open says why', () => {
  skips({ finalAction: 'hold' }, 'no_signal');
  skips({ finalAction: 'close' }, 'nothing_to_close');
  skips({ tradeType: 'exit' }, 'nothing_to_close');
  skips({ position: long(3) }, 'position_open');
  skips({}, 'reducing_only', 'reducing');
  skips({ finalAction: 'sell' }, 'long_only');
  skips({ tradeType: 'pilot' }, 'no_exploration');
  skips({ working: { opening: whole(1), closing: whole(0) } }, 'already_opening');
  // Quantity 0 is flat.
  skips({ finalAction: 'close', position: long(0) }, 'nothing_to_close');
});

test('amounts are exact, and round where they say', () => {
  const nines = decimal('9'.repeat(28));
  const tiny = { coefficient: 1n, scale: 28 };
  assert.deepEqual(amount(toDecimal(nines)), nines);
  assert.deepEqual(times(tiny, tiny, { places: 12, up: true }), decimal('0.000000000001'));
  assert.deepEqual(times(tiny, tiny, { places: 12 })?.coefficient, 0n);
  assert.equal(times(nines, decimal('10')), undefined);
  assert.equal(times(nines, decimal('1.0000001'), { up: true }), undefined);
  assert.equal(minus(nines, tiny).coefficient, nines.coefficient - 1n);
  assert.deepEqual(minus(ONE, nines), ZERO);
  assert.ok(!isBelow(decimal('1.0'), ONE) && !isBelow(ONE, decimal('1.0')));
  assert.ok(isBelowProduct(decimal('0.99'), ONE, ONE) && !isBelowProduct(ONE, ONE, ONE));
  assert.deepEqual(least(ONE, nines), ONE);
});
