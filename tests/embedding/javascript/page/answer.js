// A decision, or why there is none, as elements. Text only: whatever a policy answers is never
// read as markup.

/** @import { Budget, Decision } from '../src/types.js' */

/**
 * @param {Decision | { what: string, message: string, code: string }} answer
 * @param {number} [cost] of a decision, in µs
 * @returns {HTMLElement[]}
 */
export function show(answer, cost) {
  return 'what' in answer ? failure(answer) : decided(answer, cost ?? 0);
}

/** @param {{ what: string, message: string, code: string }} failure */
function failure({ what, message, code }) {
  return [
    make('p', what, 'side failed'),
    prose(message, 'reason'),
    make('p', `Code ${code}. No order goes out.`, 'quiet'),
  ];
}

/** @param {Decision} decision @param {number} cost */
function decided(decision, cost) {
  const { side, reason, rule, budget, warnings } = decision;
  const parts = [
    make('p', side, `side ${side}`),
    make('p', `${sentence(decision)} Reason ${reason}, by rule ${rule}.`, 'reason'),
    facts(decision),
  ];
  budget && parts.push(budgetOf(budget));
  warnings && parts.push(list(warnings.map(({ message }) => message)));
  parts.push(make('p', `${cost.toFixed(1)} µs for the decision`, 'quiet cost'));
  parts.push(raw(decision));
  return parts;
}

/** @param {Decision} decision */
function sentence({ side, position_effect, position_side, symbol, order_intent }) {
  return side === 'SKIP'
    ? 'No order goes out.'
    : `An order that ${position_effect}s a ${position_side} in ${symbol}, intent ${order_intent}.`;
}

/** @param {Decision} decision */
function facts({ quantity, notional, order_intent, reduce_only }) {
  const rows = [
    ['quantity', quantity],
    ['notional', notional],
    ['order_intent', order_intent],
    ['reduce_only', String(reduce_only)],
  ].flatMap(([name, value]) => (value === undefined ? [] : [make('dt', String(name)), make('dd', value)]));
  const facts = document.createElement('dl');
  facts.append(...rows);
  return facts;
}

/** @param {Budget} budget */
function budgetOf({ name, need, used, reserved, limit, remaining }) {
  const box = make('div', '', 'budget');
  const text = `Budget ${name}: needs ${need}, ${remaining ?? 'any amount'} left of ${limit ?? 'no limit'}`;
  const label = make('label', `${text} (used ${used}, reserved ${reserved})`);
  box.append(label);
  if (limit !== undefined) {
    const meter = document.createElement('meter');
    // For the eye alone: figures are never computed from these floats.
    Object.assign(meter, { id: 'meter', max: Number(limit), value: Number(used) + Number(reserved) });
    label.setAttribute('for', meter.id);
    box.append(meter);
  }
  return box;
}

/** @param {string[]} texts */
function list(texts) {
  const list = make('ul', '', 'warnings');
  list.append(...texts.map((text) => prose(text, '', 'li')));
  return list;
}

/** @param {Decision} decision */
function raw(decision) {
  const details = document.createElement('details');
  details.append(make('summary', 'The decision as JSON'), make('pre', JSON.stringify(decision, undefined, 2)));
  return details;
}

/**
 * A message: what stands in backticks is a name or a value.
 *
 * @param {string} message @param {string} className @param {string} [tag]
 */
export function prose(message, className, tag = 'p') {
  const text = make(tag, '', className);
  text.append(...message.split('`').map((part, at) => (at % 2 ? make('code', part) : part)));
  return text;
}

/** @param {string} tag @param {string} text @param {string} [className] */
function make(tag, text, className = '') {
  const element = document.createElement(tag);
  element.textContent = text;
  element.className = className;
  return element;
}
