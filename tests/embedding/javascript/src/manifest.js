// What a policy says of itself, from jco's records into the contract's names: big integers
// become decimals as text, indexes become names. Owns the conversion alone.

/** @import { Decimal, Manifest } from './types.js' */

/** @typedef {{ high: bigint, low: bigint, scale: number }} DecimalRecord */

/**
 * A decimal's digits, without trailing zeros.
 *
 * @param {DecimalRecord} record
 * @returns {Decimal}
 */
export function decimal({ high, low, scale }) {
  const digits = ((high << 64n) | low).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const places = digits.slice(digits.length - scale).replace(/0+$/, '');
  return places ? `${whole}.${places}` : whole;
}

/**
 * @param {any} record as `describe` gives it
 * @returns {Manifest}
 */
export function manifestOf(record) {
  const { budgets } = record;
  return {
    schema: record.schema,
    name: record.name,
    version: record.version,
    account_currency: record.accountCurrency,
    reasons: record.reasons,
    rules: record.rules,
    tiers: record.tiers.map((/** @type {any} */ tier) => ({
      ...tier,
      size: decimal(tier.size),
      budget: tier.budget === undefined ? undefined : budgets[tier.budget]?.name,
    })),
    budgets: budgets.map((/** @type {any} */ budget) => ({
      ...budget,
      amount: optional(budget.amount),
      percent: optional(budget.percent),
    })),
    symbols: record.symbols.map((/** @type {any} */ symbol) => ({
      name: symbol.name,
      shortable: symbol.shortable,
      step: optional(symbol.step),
      min_quantity: optional(symbol.minQuantity),
      min_notional: optional(symbol.minNotional),
    })),
    score_thresholds: record.scoreThresholds.map((/** @type {any} */ { field, value }) => ({
      field: word(field),
      value,
    })),
    amount_thresholds: record.amountThresholds.map((/** @type {any} */ { field, value }) => ({
      field: word(field),
      value: decimal(value),
    })),
  };
}

/** @param {DecimalRecord | undefined} record */
function optional(record) {
  return record && decimal(record);
}

/** @param {string} kebab */
function word(kebab) {
  return kebab.replaceAll('-', '_');
}
