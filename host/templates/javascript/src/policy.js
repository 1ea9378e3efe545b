// A routing policy: long positions alone, one a symbol, of the size that the bot asks for.
//
// It closes whatever is to be closed, keeps nothing between calls, and imports nothing. What it may
// never do is in README.md; the host holds every answer to it.

import { amount, isZero, least, minus, toDecimal } from './amount.js';

/** @typedef {import('../routing.js').OrderTerms} OrderTerms */
/** @typedef {import('../routing.js').Decision} Decision */

/**
 * Reasons, by their index in the manifest. `trading_halted`, `already_closing` and `dust` are words
 * that the host knows: for nothing else may an exit be skipped. (There is no dust here: no symbol has
 * a least quantity.)
 */
const REASONS = [
  'trading_halted', 'no_signal', 'already_closing', 'close_long', 'close_short', 'nothing_to_close',
  'position_open', 'reducing_only', 'long_only', 'no_exploration', 'already_opening', 'open_long',
];

/** Rules, by their index in the manifest. */
const RULES = ['skip', 'close', 'open'];

/** @type {Record<import('../routing.js').TradeType, import('../routing.js').OrderIntent>} */
const INTENT_OF_TYPE = {
  normal: 'normal', pilot: 'pilot', exploration: 'explore', exit: 'exit', risk: 'risk', auto: 'normal',
};

/** A request that lacks what an opening needs. Its `payload` is what the host gets. */
export class Refused extends Error {
  /** @param {import('../routing.js').RequestField} field */
  constructor(field) {
    super(`without ${field}`);
    /** @type {import('../routing.js').Refusal} */
    this.payload = { kind: 'field-missing', field };
  }
}

/** @type {import('../routing.js').Routing} */
export const routing = {
  describe() {
    return {
      schema: 1,
      name: 'policy-name',
      version: '0.1.0',
      accountCurrency: 'USDT',
      reasons: REASONS,
      rules: RULES,
      // Pilot and exploration trades would charge a budget, and there is none yet.
      tiers: [],
      budgets: [],
      symbols: ['BTC/USDT', 'ETH/USDT'].map((name) => ({ name, shortable: false })),
      // Every number that a rule compares a score or an amount with.
      scoreThresholds: [],
      amountThresholds: [],
    };
  },

  decide({ terms }, { tradingState }) {
    return decide(terms, tradingState);
  },

  decideBatch(_names, _uses, items) {
    return items.map(({ terms, tradingState }) => {
      try {
        return { tag: 'ok', val: decide(terms, tradingState) };
      } catch (error) {
        if (error instanceof Refused) return { tag: 'err', val: error.payload };
        throw error;
      }
    });
  },
};

/**
 * @param {OrderTerms} terms
 * @param {import('../routing.js').TradingState} state
 * @returns {Decision}
 * @throws {Refused}
 */
export function decide(terms, state) {
  const { finalAction, tradeType, position } = terms;
  if (state === 'halted' && tradeType !== 'risk') return skip(terms, 'trading_halted');
  if (!['buy', 'sell', 'close'].includes(finalAction)) return skip(terms, 'no_signal');
  // Quantity 0 is flat.
  const open = position !== undefined && !isZero(amount(position.quantity)) ? position : undefined;
  // Before whatever could hold it up.
  if (open !== undefined && reduces(finalAction, open)) return close(terms, open);
  const why = forbidden(terms, state, open !== undefined);
  return why === undefined ? openLong(terms) : skip(terms, why);
}

/**
 * Whether the action would reduce the position.
 * @param {import('../routing.js').FinalAction} action
 * @param {import('../routing.js').Position} position
 */
function reduces(action, position) {
  return action === 'close' || action === (position.side === 'long' ? 'sell' : 'buy');
}

/**
 * All that is closable, or as much of it as is asked for.
 * @param {OrderTerms} terms
 * @param {import('../routing.js').Position} position
 * @returns {Decision}
 */
function close(terms, position) {
  const closable = minus(amount(position.quantity), amount(terms.working.closing));
  if (isZero(closable)) return skip(terms, 'already_closing');
  const asked = terms.closeQuantity === undefined ? closable : amount(terms.closeQuantity);
  return {
    ...skip(terms, `close_${position.side}`),
    side: position.side === 'long' ? 'sell' : 'buy',
    intent: terms.tradeType === 'risk' ? 'risk' : 'exit',
    rule: index(RULES, 'close'),
    effect: 'close',
    quantity: toDecimal(least(asked, closable)),
  };
}

/**
 * What stands against opening.
 * @param {OrderTerms} terms
 * @param {import('../routing.js').TradingState} state
 * @param {boolean} isOpen
 */
function forbidden(terms, state, isOpen) {
  const { finalAction, tradeType } = terms;
  if (finalAction === 'close' || tradeType === 'exit' || tradeType === 'risk') return 'nothing_to_close';
  if (isOpen) return 'position_open';
  if (state === 'reducing') return 'reducing_only';
  if (finalAction === 'sell') return 'long_only';
  if (tradeType === 'pilot' || tradeType === 'exploration') return 'no_exploration';
  if (!isZero(amount(terms.working.opening))) return 'already_opening';
  return undefined;
}

/**
 * The host computes the quantity, and needs the price for it.
 * @param {OrderTerms} terms
 * @returns {Decision}
 */
function openLong(terms) {
  if (terms.targetNotional === undefined) throw new Refused('target-notional');
  if (terms.price === undefined) throw new Refused('price');
  return {
    ...skip(terms, 'open_long'),
    side: 'buy',
    rule: index(RULES, 'open'),
    effect: 'open',
    notional: terms.targetNotional,
  };
}

/**
 * @param {OrderTerms} terms
 * @param {string} reason
 * @returns {Decision}
 */
function skip(terms, reason) {
  return {
    side: 'skip',
    intent: INTENT_OF_TYPE[terms.tradeType],
    reason: index(REASONS, reason),
    rule: index(RULES, 'skip'),
    effect: 'none',
    notional: undefined,
    quantity: undefined,
    tier: undefined,
    budget: undefined,
  };
}

/**
 * @param {string[]} names
 * @param {string} name
 */
function index(names, name) {
  const at = names.indexOf(name);
  if (at < 0) throw new Error(`no such name: ${name}`);
  return at;
}
