// Requests and states as the text that a policy reads. Owns how JavaScript's values are
// written; judges none of them: whatever is wrong is refused by the policy, with its message.

/** @import { Request, State } from './types.js' */

/** Fields that are amounts, wherever they stand. */
const AMOUNTS = new Set([
  'close_quantity', 'price', 'target_notional', 'equity', 'quote_rate', 'stop_loss', 'take_profit',
  'quantity', 'opening', 'closing', 'used', 'reserved',
]);

/** Levels of objects within each other, so that one that holds itself is an error. */
const LEVELS_MAX = 16;

/**
 * The text of a request or a state.
 *
 * @param {Request | State} value
 */
export function textOf(value) {
  return written(value, '', 0);
}

/**
 * @param {unknown} value
 * @param {string} field
 * @param {number} level
 * @returns {string}
 */
function written(value, field, level) {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'number':
    case 'bigint':
      return figure(value, field);
    case 'boolean':
      return String(value);
    case 'object':
      return value === null ? 'null' : nested(value, field, level + 1);
    default:
      throw new TypeError(`${where(field)} is of type ${typeof value}, which JSON does not have`);
  }
}

/**
 * An amount goes as a string, because it comes back in the metadata as it went: a string is not
 * made a float on its way back. NaN goes bare, so that the policy can refuse it by the field.
 *
 * @param {number | bigint} value
 * @param {string} field
 */
function figure(value, field) {
  const text = String(value);
  return AMOUNTS.has(field) && Number.isFinite(Number(value)) ? `"${text}"` : text;
}

/**
 * @param {object} value
 * @param {string} field
 * @param {number} level
 */
function nested(value, field, level) {
  if (level > LEVELS_MAX) {
    throw new TypeError(`${where(field)} has more than ${LEVELS_MAX} objects within each other`);
  }
  // Decimal libraries and dates know their own text.
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    return written(value.toJSON(), field, level);
  }
  if (Array.isArray(value)) {
    return `[${value.map((item) => written(item, field, level)).join(',')}]`;
  }
  let text = '';
  for (const [key, member] of Object.entries(value)) {
    // What is undefined is not given, as everywhere in JavaScript.
    if (member !== undefined) {
      text += `${text && ','}${JSON.stringify(key)}:${written(member, key, level)}`;
    }
  }
  return `{${text}}`;
}

/** @param {string} field */
function where(field) {
  return field ? `\`${field}\`` : 'what is to be decided';
}
