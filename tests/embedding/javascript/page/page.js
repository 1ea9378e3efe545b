// The page: a form into a request and a state, the policy's decision into text. Owns what is seen;
// judges nothing, so that every error is the policy's own, at the field that it names.

import { EXAMPLES } from './examples.js';
import { prose, show } from './answer.js';
import { Policy, PolicyFault, RequestRefused } from './policy/index.js';

/** @import { Request, State } from '../src/types.js' */

/** The shown cost is that of the fastest round: browsers' clocks are coarse, and machines busy. */
const ROUNDS = 10;
const ROUND_DECISIONS = 200;

const TEXTS = ['final_action', 'symbol', 'strategy', 'trade_type'];
const AMOUNTS = ['close_quantity', 'price', 'target_notional', 'equity', 'quote_rate', 'stop_loss', 'take_profit'];
const SCORES = ['signal_score', 'confidence', 'risk_reward_ratio'];
const USES = ['budgets.used', 'budgets.reserved', 'budgets.orders'];

const form = /** @type {HTMLFormElement} */ (element('form'));
const example = /** @type {HTMLSelectElement} */ (element('example'));

example.append(...EXAMPLES.map(([name], at) => new Option(name, String(at))));
example.addEventListener('change', fill);

try {
  const policy = await Policy.load();
  describe(policy);
  fill();
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    decide(policy);
  });
  element('decide').toggleAttribute('disabled', false);
} catch (error) {
  element('policy').textContent = `The policy cannot be loaded: ${/** @type {Error} */ (error).message}`;
}

/** @param {Policy} policy */
function describe(policy) {
  const { manifest, digest } = policy;
  const name = manifest ? `${manifest.name}, version ${manifest.version}` : 'a policy without a manifest';
  element('policy').textContent = `Decided by ${name} (${digest.slice(0, 12)}…), in this page.`;
  element('symbols').append(...(manifest?.symbols ?? []).map((symbol) => new Option(symbol.name)));
  element('state').after(...(manifest?.budgets ?? []).map(budgetFields));
}

/** @param {{ name: string }} budget @param {number} at */
function budgetFields({ name }, at) {
  const fields = document.createElement('fieldset');
  const legend = document.createElement('legend');
  legend.textContent = `Budget ${name}`;
  const grid = document.createElement('div');
  grid.className = 'grid';
  grid.append(...USES.map((use) => budgetField(use, at)));
  fields.append(legend, grid);
  return fields;
}

/** @param {string} use @param {number} at */
function budgetField(use, at) {
  const input = document.createElement('input');
  Object.assign(input, { id: `${use}.${at}`, name: use, inputMode: 'decimal', autocomplete: 'off' });
  const label = document.createElement('label');
  Object.assign(label, { htmlFor: input.id, textContent: use.replace('budgets.', '') });
  const field = document.createElement('div');
  field.className = 'field';
  field.append(label, input);
  return field;
}

/** Puts the chosen example into the form. */
function fill() {
  const fields = EXAMPLES[Number(example.value)]?.[1] ?? {};
  /** @type {HTMLInputElement} */ (element('sized')).checked = false;
  for (const input of inputs().filter(({ name, type }) => name && type !== 'checkbox')) {
    input.value = fields[input.name] ?? (USES.includes(input.name) ? '0' : '');
  }
  clear();
}

/** @param {Policy} policy */
function decide(policy) {
  clear();
  const answer = element('answer');
  const [request, state] = [requestOf(), stateOf()];
  try {
    const decision = policy.decide(request, state);
    answer.replaceChildren(...show(decision, cost(policy, request, state)));
  } catch (error) {
    if (!(error instanceof RequestRefused || error instanceof PolicyFault)) {
      throw error;
    }
    const field = error instanceof RequestRefused && mark(error);
    const what = error instanceof PolicyFault ? 'The policy failed' : 'Refused';
    answer.replaceChildren(...show({ what, message: error.message, code: error.code }));
    field && field.focus();
  }
  // On a small screen it is below the form.
  answer.scrollIntoView({ block: 'nearest' });
}

/** @param {Policy} policy @param {Request} request @param {State} state */
function cost(policy, request, state) {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const begun = performance.now();
    for (let at = 0; at < ROUND_DECISIONS; at += 1) {
      policy.decide(request, state);
    }
    return performance.now() - begun;
  });
  return (Math.min(...rounds) * 1_000) / ROUND_DECISIONS;
}

/** @returns {Request} */
function requestOf() {
  /** @type {Record<string, unknown>} */
  const request = {};
  for (const name of [...TEXTS, ...AMOUNTS, ...SCORES]) {
    request[name] = SCORES.includes(name) ? score(value(name)) : given(value(name));
  }
  const side = value('position.side');
  const quantity = given(value('position.quantity'));
  request.position = side === 'flat' ? null : side ? { side, quantity } : undefined;
  request.working = { opening: given(value('working.opening')), closing: given(value('working.closing')) };
  request.sized = /** @type {HTMLInputElement} */ (element('sized')).checked || undefined;
  return /** @type {any} */ (request);
}

/** @returns {State} */
function stateOf() {
  const [used = [], reserved = [], orders = []] = USES.map((use) => named(use).map((input) => input.value.trim()));
  const budgets = used.map((text, at) => ({ used: text, reserved: reserved[at], orders: score(orders[at] ?? '') }));
  return /** @type {any} */ ({ trading_state: value('trading_state'), budgets });
}

/** What is empty is not given. @param {string} text */
function given(text) {
  return text === '' ? undefined : text;
}

/** A number where it is one; what is not goes as it is, to be refused as it is. @param {string} text */
function score(text) {
  const number = Number(text);
  return text === '' || Number.isFinite(number) ? given(text) && number : text;
}

/**
 * Says an error at its field.
 *
 * @param {RequestRefused} error
 * @returns {HTMLElement | undefined} the field
 */
function mark({ field, message }) {
  if (!field) {
    return undefined;
  }
  const fields = inputs().filter((input) => input.name === field || input.dataset.also === field);
  const input = fields.find((input) => message.includes(`"${input.value}"`)) ?? fields[0];
  if (!input) {
    return undefined;
  }
  const text = prose(message, 'error');
  text.id = 'error';
  input.after(text);
  input.setAttribute('aria-invalid', 'true');
  input.setAttribute('aria-describedby', text.id);
  input.closest('details')?.setAttribute('open', '');
  return input;
}

/** Takes the last error away. */
function clear() {
  document.querySelector('.error')?.remove();
  for (const input of inputs()) {
    input.removeAttribute('aria-invalid');
    input.removeAttribute('aria-describedby');
  }
}

/** @param {string} id */
function element(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/** @returns {(HTMLInputElement | HTMLSelectElement)[]} */
function inputs() {
  return [...form.querySelectorAll('input, select')].map((input) => /** @type {HTMLInputElement} */ (input));
}

/** @param {string} name */
function named(name) {
  return inputs().filter((input) => input.name === name);
}

/** @param {string} name */
function value(name) {
  return named(name)[0]?.value.trim() ?? '';
}
