// Requests and states as the text that a policy reads. Owns how JavaScript's values are
// written; judges none of them: whatever is wrong is refused by the policy, with its message.

/** @import { Request, State } from './types.js' */

/** Fields that are amounts, wherever they stand. */
const AMOUNTS = new Set([
  'close_quantity', 'price', 'target_notional', 'equity', 'quote_rate', 'stop_loss', 'take_profit',
  'quantity', 'opening', 'closing', 'used', 'reserved',
]);

/**
 * The text of a request or a state. What is undefined is not given, as everywhere in JavaScript;
 * what knows its own text, as decimals of libraries do (`toJSON`), is asked for it.
 *
 * @param {Request | State} value
 * @throws {TypeError} something in it is a function, or holds itself
 */
export function textOf(value) {
  const text = JSON.stringify(value, written);
  if (text === undefined) {
    throw new TypeError('what is to be decided is undefined; it must be an object');
  }
  return text;
}

/**
 * @param {string} field
 * @param {unknown} value
 */
function written(field, value) {
  switch (typeof value) {
    case 'number':
    case 'bigint':
      return figure(field, value);
    case 'function':
    case 'symbol':
      // JSON would leave the field out, and the policy would take it as not given.
      throw new TypeError(`\`${field}\` is a ${typeof value}, and no request has one`);
    default:
      return value;
  }
}

/**
 * An amount goes as a string, because it comes back in the metadata as it went: a string is not
 * made a float on its way back. So does what is no JSON, NaN for one, which JSON would make null:
 * the policy refuses it by the field, and null would be taken as not given.
 *
 * @param {string} field
 * @param {number | bigint} value
 */
function figure(field, value) {
  return AMOUNTS.has(field) || !Number.isFinite(value) ? String(value) : value;
}
