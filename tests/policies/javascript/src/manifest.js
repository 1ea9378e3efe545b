// What the policy says of itself: the settings of the default policy, and the names behind the
// indexes of its decisions.

import { ONE, decimal, toDecimal } from './amount.js';

export const ACCOUNT_CURRENCY = 'USDT';
/** Budgets that a state carries the use of. */
export const BUDGETS = 1;
/** The index of the one that pilot and exploration trades share. */
export const EXPLORATION = 0;
/** Of the equity, a day: as the manifest says it, and as a factor. */
const EXPLORATION_PERCENT = decimal('3');
export const EXPLORATION_SHARE = decimal('0.03');
/** The master switch. A short needs the symbol's own as well. */
const SHORT_ENABLED = false;

const RULES = [
  'row 1', 'row 2', 'row 2a', 'row 2b', 'row 2c', 'row 3', 'row 4', 'row 5', 'row 6', 'row 7',
  'row 8', 'row 9', 'row 10', 'row 11', 'row 11a', 'row 12', 'row 13',
];

const REASONS = [
  'trading_halted', 'hold_signal', 'skip_signal', 'unknown_action', 'below_threshold',
  'already_closing', 'dust', 'close_short', 'close_long', 'no_position_to_close',
  'exit_cannot_open', 'already_long_no_pyramid', 'already_short_no_pyramid', 'reducing_only',
  'shorting_disabled', 'already_opening', 'below_minimum', 'exploration_limit', 'open_long',
  'open_short',
];

/** @typedef {import('./amount.js').Amount} Amount */

/**
 * A class of trades by quality.
 * @typedef {{
 *   name: string,
 *   intent: import('./routing.js').OrderIntent,
 *   scoreMin: number,
 *   riskRewardMin?: number,
 *   size: Amount,
 *   budget?: number,
 * }} Tier
 */

/**
 * In the order in which they classify `auto`.
 * @type {Tier[]}
 */
export const TIERS = [
  { name: 'normal', intent: 'normal', scoreMin: 0.65, riskRewardMin: 1.3, size: ONE },
  { name: 'pilot', intent: 'pilot', scoreMin: 0.55, riskRewardMin: 1.15, size: decimal('0.4'), budget: EXPLORATION },
  { name: 'explore', intent: 'explore', scoreMin: 0.3, size: decimal('0.5'), budget: EXPLORATION },
];

/**
 * What is known of a symbol by name.
 * @typedef {{
 *   allowShort: boolean,
 *   step?: Amount,
 *   minQuantity?: Amount,
 *   minNotional?: Amount,
 * }} SymbolRule
 */

/** @type {Map<string, SymbolRule>} */
const SYMBOLS = new Map([
  ['BTC/USDT', { allowShort: false }],
  ['ETH/USDT', { allowShort: false }],
  ['LTC/USDT', {
    allowShort: false, step: decimal('0.001'), minQuantity: decimal('0.01'), minNotional: decimal('5'),
  }],
]);

/**
 * What is known of a symbol; undefined of one that is not listed.
 * @param {string} name
 */
export function symbolRule(name) {
  return SYMBOLS.get(name);
}

/** @param {SymbolRule | undefined} symbol */
export function isShortable(symbol) {
  return SHORT_ENABLED && symbol !== undefined && symbol.allowShort;
}

/**
 * The index of a rule's name.
 * @param {string} name
 */
export function rule(name) {
  return indexOf(RULES, name);
}

/**
 * The index of a reason's name.
 * @param {string} name
 */
export function reason(name) {
  return indexOf(REASONS, name);
}

/**
 * @param {string[]} names
 * @param {string} name
 */
function indexOf(names, name) {
  const index = names.indexOf(name);
  if (index < 0) throw new Error(`no such name: ${name}`);
  return index;
}

/**
 * @param {Amount | undefined} value
 * @returns {import('./routing.js').Decimal | undefined}
 */
function optional(value) {
  return value && toDecimal(value);
}

/** @returns {import('./routing.js').Manifest} */
export function manifest() {
  return {
    schema: 1,
    name: 'default-in-javascript',
    version: '0.1.0',
    accountCurrency: ACCOUNT_CURRENCY,
    reasons: REASONS,
    rules: RULES,
    tiers: TIERS.map(({ name, intent, size, budget }) => ({ name, intent, size: toDecimal(size), budget })),
    budgets: [{
      name: 'exploration',
      percent: toDecimal(EXPLORATION_PERCENT),
      window: 'day',
      seconds: 0,
      zone: 'UTC',
      scope: 'all',
    }],
    symbols: [...SYMBOLS].map(([name, symbol]) => ({
      name,
      shortable: isShortable(symbol),
      step: optional(symbol.step),
      minQuantity: optional(symbol.minQuantity),
      minNotional: optional(symbol.minNotional),
    })),
    scoreThresholds: TIERS.flatMap(({ scoreMin, riskRewardMin }) => [
      { field: /** @type {const} */ ('signal-strength'), value: scoreMin },
      ...(riskRewardMin === undefined
        ? []
        : [{ field: /** @type {const} */ ('risk-reward-ratio'), value: riskRewardMin }]),
    ]),
    // Minimums of symbols stand with the symbols; no other amount is tested against a number.
    amountThresholds: [],
  };
}
