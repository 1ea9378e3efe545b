// Decimals of at most 28 digits, as the interface has them, and the four operations that the
// routing needs. Whole numbers of any size do all of it: no amount ever goes through a float.

const DIGITS_MAX = 28;
const SCALE_MAX = 28;
const COEFFICIENT_END = 10n ** 28n;
const POWERS = Array.from({ length: 120 }, (_, exponent) => 10n ** BigInt(exponent));

/**
 * coefficient / 10^scale, never negative.
 * @typedef {{ coefficient: bigint, scale: number }} Amount
 */

/** @type {Amount} */
export const ZERO = { coefficient: 0n, scale: 0 };
/** @type {Amount} */
export const ONE = { coefficient: 1n, scale: 0 };

/**
 * What is written as a decimal: "0.03".
 * @param {string} text
 * @returns {Amount}
 */
export function decimal(text) {
  const [whole, places = ''] = text.split('.');
  return { coefficient: BigInt(whole + places), scale: places.length };
}

/**
 * @param {import('../routing.js').Decimal} given
 * @returns {Amount}
 */
export function amount(given) {
  // Nearly all coefficients fill the lower word alone.
  const coefficient = given.high === 0n ? given.low : (given.high << 64n) | given.low;
  return { coefficient, scale: given.scale };
}

/**
 * @param {Amount} value
 * @returns {import('../routing.js').Decimal}
 */
export function toDecimal({ coefficient, scale }) {
  return { high: coefficient >> 64n, low: BigInt.asUintN(64, coefficient), scale };
}

/** @param {Amount} value */
export function isZero(value) {
  return value.coefficient === 0n;
}

/**
 * Whether the first is less than the second, by value: 1.0 is 1.
 * @param {Amount} left
 * @param {Amount} right
 */
export function isBelow(left, right) {
  const scale = Math.max(left.scale, right.scale);
  return raised(left, scale) < raised(right, scale);
}

/**
 * @param {Amount} left
 * @param {Amount} right
 * @returns {Amount}
 */
export function least(left, right) {
  return isBelow(right, left) ? right : left;
}

/**
 * The difference, never below 0; rounded down where 28 digits cannot hold it.
 * @param {Amount} left
 * @param {Amount} right
 * @returns {Amount}
 */
export function minus(left, right) {
  if (right.coefficient === 0n) return left;
  const scale = Math.max(left.scale, right.scale);
  const difference = raised(left, scale) - raised(right, scale);
  return difference <= 0n ? ZERO : (fit(difference, scale, false) ?? ZERO);
}

/**
 * The product, rounded at so many places, and to 28 digits; undefined when its whole part is longer.
 * @param {Amount} left
 * @param {Amount} right
 * @param {{ places?: number, up?: boolean }} rounding
 * @returns {Amount | undefined}
 */
export function times(left, right, { places = SCALE_MAX, up = false } = {}) {
  const scale = left.scale + right.scale;
  const product = left.coefficient * right.coefficient;
  return scale <= places
    ? fit(product, scale, up)
    : fit(shortened(product, scale - places, up), places, up);
}

/**
 * Whether the value is less than left × right, exactly.
 * @param {Amount} value
 * @param {Amount} left
 * @param {Amount} right
 */
export function isBelowProduct(value, left, right) {
  const product = { coefficient: left.coefficient * right.coefficient, scale: left.scale + right.scale };
  return isBelow(value, product);
}

/**
 * @param {Amount} value
 * @param {number} scale
 */
function raised(value, scale) {
  return value.scale === scale ? value.coefficient : value.coefficient * POWERS[scale - value.scale];
}

/**
 * @param {bigint} coefficient
 * @param {number} places
 * @param {boolean} up
 */
function shortened(coefficient, places, up) {
  const divisor = POWERS[places];
  const quotient = coefficient / divisor;
  return up && quotient * divisor !== coefficient ? quotient + 1n : quotient;
}

/**
 * Digits past 28 are rounded off. The host counts them before it rounds, so what rounds up to 29
 * digits does not fit, for both of us.
 * @param {bigint} coefficient
 * @param {number} scale
 * @param {boolean} up
 * @returns {Amount | undefined}
 */
function fit(coefficient, scale, up) {
  if (coefficient < COEFFICIENT_END) return { coefficient, scale };
  const excess = coefficient.toString().length - DIGITS_MAX;
  const short = shortened(coefficient, excess, up);
  return scale < excess || short >= COEFFICIENT_END
    ? undefined
    : { coefficient: short, scale: scale - excess };
}
