// Section 4 of the contract, row by row: the first that fits decides.

import { ONE, ZERO, amount, decimal, isBelow, isBelowProduct, isZero, least, minus, times, toDecimal } from './amount.js';
import {
  ACCOUNT_CURRENCY, BUDGETS, EXPLORATION, EXPLORATION_SHARE, TIERS, isShortable, reason, rule, symbolRule,
} from './manifest.js';

/** Places at which needs round up and limits round down. */
const MONEY_PLACES = 12;
/** The step of a symbol whose step is not known: 8 places. */
const DEFAULT_STEP = decimal('0.00000001');

/** @type {Record<import('./routing.js').TradeType, import('./routing.js').OrderIntent>} */
const INTENT_OF_TYPE = {
  normal: 'normal', pilot: 'pilot', exploration: 'explore', exit: 'exit', risk: 'risk', auto: 'normal',
};

/** @type {Partial<Record<import('./routing.js').FinalAction, string>>} */
const NO_SIGNAL = { hold: 'hold_signal', skip: 'skip_signal', unknown: 'unknown_action' };

/** @typedef {import('./routing.js').Decision} Decision */
/** @typedef {import('./amount.js').Amount} Amount */

/** A request that lacks what its row needs. The host shows it to whoever asked. */
export class Refused extends Error {
  /**
   * @param {import('./routing.js').RefusalKind} kind
   * @param {import('./routing.js').RequestField} field
   */
  constructor(kind, field) {
    super(`${kind}: ${field}`);
    /** What crosses the interface. @type {import('./routing.js').Refusal} */
    this.payload = { kind, field };
  }
}

/**
 * What the rows look at, worked out once.
 * @typedef {{
 *   symbol: string,
 *   known: import('./manifest.js').SymbolRule | undefined,
 *   terms: import('./routing.js').OrderTerms,
 *   state: import('./routing.js').State,
 *   tier: number,
 *   intent: import('./routing.js').OrderIntent,
 *   leg: import('./routing.js').PositionSide | undefined,
 *   isDust: boolean,
 *   exits: boolean,
 *   closable: Amount,
 * }} Facts
 */

/**
 * @param {string} symbol
 * @param {import('./routing.js').OrderTerms} terms
 * @param {import('./routing.js').State} state
 * @returns {Decision}
 * @throws {Refused}
 */
export function route(symbol, terms, state) {
  const facts = factsOf(symbol, terms, state);
  return withoutAskingForAnything(facts) ?? closing(facts) ?? notOpening(facts) ?? opening(facts);
}

/**
 * @param {string} symbol
 * @param {import('./routing.js').OrderTerms} terms
 * @param {import('./routing.js').State} state
 * @returns {Facts}
 */
function factsOf(symbol, terms, state) {
  const known = symbolRule(symbol);
  const exits = terms.tradeType === 'exit' || terms.tradeType === 'risk';
  const held = terms.position && amount(terms.position.quantity);
  const isOpen = held !== undefined && !isZero(held);
  const isDust = isOpen && known?.minQuantity !== undefined && isBelow(held, known.minQuantity);
  // To everything but a wish to close, a position under the minimum is none.
  const counts = isOpen && (!isDust || exits || terms.finalAction === 'close');
  const tier = tierOf(terms);
  return {
    symbol,
    known,
    terms,
    state,
    tier,
    intent: terms.tradeType === 'auto' && tier >= 0 ? TIERS[tier].intent : INTENT_OF_TYPE[terms.tradeType],
    leg: counts ? terms.position?.side : undefined,
    isDust: counts && isDust,
    exits,
    closable: counts ? minus(held, amount(terms.working.closing)) : ZERO,
  };
}

/**
 * Of `auto`, the first tier that the figures reach, and a missing one reaches none; of a type that
 * the bot states, the tier of its intent, whatever the figures. -1 is none.
 * @param {import('./routing.js').OrderTerms} terms
 */
function tierOf(terms) {
  if (terms.tradeType !== 'auto') {
    const intent = INTENT_OF_TYPE[terms.tradeType];
    return TIERS.findIndex((tier) => tier.intent === intent);
  }
  if (terms.signalScore === undefined) return -1;
  const strength = Math.abs(terms.signalScore);
  return TIERS.findIndex(({ scoreMin, riskRewardMin }) => strength >= scoreMin
    && (riskRewardMin === undefined
      || (terms.riskRewardRatio !== undefined && terms.riskRewardRatio >= riskRewardMin)));
}

/**
 * Rows 1 to 2a.
 * @param {Facts} facts
 */
function withoutAskingForAnything(facts) {
  const { finalAction, tradeType } = facts.terms;
  if (facts.state.tradingState === 'halted' && tradeType !== 'risk') {
    return skip(facts, 'row 1', 'trading_halted');
  }
  const noSignal = NO_SIGNAL[finalAction];
  if (noSignal !== undefined) return skip(facts, 'row 2', noSignal);
  if (tradeType === 'auto' && finalAction !== 'close' && facts.tier < 0) {
    return skip(facts, 'row 2a', 'below_threshold');
  }
  return undefined;
}

/**
 * Rows 2b to 5.
 * @param {Facts} facts
 */
function closing(facts) {
  const { finalAction } = facts.terms;
  let row;
  if (finalAction === 'buy' && facts.leg === 'short') row = 'row 3';
  else if (finalAction === 'sell' && facts.leg === 'long') row = 'row 4';
  else if (finalAction === 'close' && facts.leg !== undefined) row = 'row 5';
  if (row !== undefined && isZero(facts.closable)) return skip(facts, 'row 2b', 'already_closing');
  if (facts.isDust) return skip(facts, 'row 2c', 'dust');
  if (row !== undefined) return close(facts, row);
  return finalAction === 'close' ? skip(facts, 'row 5', 'no_position_to_close') : undefined;
}

/**
 * Rows 6 to 11: BUY and SELL that would open, and may not.
 * @param {Facts} facts
 */
function notOpening(facts) {
  if (facts.exits) {
    return facts.leg === undefined
      ? skip(facts, 'row 6', 'no_position_to_close')
      : skip(facts, 'row 7', 'exit_cannot_open');
  }
  if (facts.leg !== undefined) return skip(facts, 'row 8', `already_${facts.leg}_no_pyramid`);
  if (facts.state.tradingState === 'reducing') return skip(facts, 'row 9', 'reducing_only');
  if (facts.terms.finalAction === 'sell' && !isShortable(facts.known)) {
    return skip(facts, 'row 10', 'shorting_disabled');
  }
  if (!isZero(amount(facts.terms.working.opening))) return skip(facts, 'row 11', 'already_opening');
  return undefined;
}

/**
 * Rows 11a to 13.
 * @param {Facts} facts
 * @returns {Decision}
 */
function opening(facts) {
  const { terms } = facts;
  const tier = facts.tier < 0 ? undefined : TIERS[facts.tier];
  const target = amount(needed(terms.targetNotional, 'target-notional'));
  const notional = tier === undefined || terms.sized ? target : fits(times(target, tier.size), 'target-notional');
  const price = amount(needed(terms.price, 'price'));
  if (isBelowMinimum(facts.known, notional, price)) return skip(facts, 'row 11a', 'below_minimum');
  const claim = tier?.budget === undefined ? undefined : claimOf(facts, notional);
  if (claim !== undefined && !claim.holds) {
    return { ...skip(facts, 'row 12', 'exploration_limit'), budget: claim.claim };
  }
  const buys = terms.finalAction === 'buy';
  return {
    ...skip(facts, 'row 13', buys ? 'open_long' : 'open_short'),
    side: buys ? 'buy' : 'sell',
    effect: 'open',
    notional: toDecimal(notional),
    budget: claim?.claim,
  };
}

/**
 * The quantity, notional / price rounded down to the step, is under the minimum, which is a multiple
 * of the step, exactly where the notional is under minimum × price.
 * @param {import('./manifest.js').SymbolRule | undefined} known
 * @param {Amount} notional
 * @param {Amount} price
 */
function isBelowMinimum(known, notional, price) {
  const step = known?.step ?? DEFAULT_STEP;
  const quantity = known?.minQuantity ?? step;
  return isBelowProduct(notional, isBelow(quantity, step) ? step : quantity, price)
    || (known?.minNotional !== undefined && isBelow(notional, known.minNotional));
}

/**
 * What the exploration budget is asked for, and whether it holds it.
 * @param {Facts} facts
 * @param {Amount} notional
 */
function claimOf({ symbol, terms, state }, notional) {
  if (state.budgets?.length !== BUDGETS) throw new Refused('budgets-missing', 'equity');
  const { used, reserved } = state.budgets[EXPLORATION];
  const equity = amount(needed(terms.equity, 'equity'));
  const limit = fits(times(equity, EXPLORATION_SHARE, { places: MONEY_PLACES }), 'equity');
  // The quote currency stands behind `/`, before any `:`.
  const quote = symbol.includes('/') ? symbol.slice(symbol.indexOf('/') + 1).split(':')[0] : undefined;
  const rate = quote === ACCOUNT_CURRENCY ? ONE : amount(needed(terms.quoteRate, 'quote-rate'));
  const need = fits(times(notional, rate, { places: MONEY_PLACES, up: true }), 'quote-rate');
  const left = minus(minus(limit, amount(used)), amount(reserved));
  return { claim: { budget: EXPLORATION, need: toDecimal(need) }, holds: !isBelow(left, need) };
}

/**
 * @param {Facts} facts
 * @param {string} row
 * @returns {Decision}
 */
function close(facts, row) {
  const { terms, closable } = facts;
  const asked = terms.closeQuantity && amount(terms.closeQuantity);
  const quantity = asked === undefined ? closable : least(asked, closable);
  return {
    ...skip(facts, row, `close_${facts.leg}`),
    side: facts.leg === 'long' ? 'sell' : 'buy',
    intent: terms.tradeType === 'risk' ? 'risk' : 'exit',
    effect: 'close',
    quantity: toDecimal(quantity),
    tier: undefined,
  };
}

/**
 * @param {Facts} facts
 * @param {string} row
 * @param {string} why
 * @returns {Decision}
 */
function skip(facts, row, why) {
  return {
    side: 'skip',
    intent: facts.intent,
    reason: reason(why),
    rule: rule(row),
    effect: 'none',
    notional: undefined,
    quantity: undefined,
    tier: facts.tier < 0 ? undefined : facts.tier,
    budget: undefined,
  };
}

/**
 * @template T
 * @param {T | undefined} value
 * @param {import('./routing.js').RequestField} field
 * @returns {T}
 */
function needed(value, field) {
  if (value === undefined) throw new Refused('field-missing', field);
  return value;
}

/**
 * @param {Amount | undefined} value
 * @param {import('./routing.js').RequestField} field
 * @returns {Amount}
 */
function fits(value, field) {
  if (value === undefined) throw new Refused('field-overflow', field);
  return value;
}
