// A policy, ready to decide: one instance of the component, used again and again, and a new one
// after a trap. For Node and browsers, without dependencies. Owns no budget, journal or guard:
// what is used is the caller's to keep, and what the policy answers is not held to invariants.

import { PolicyFault, PolicyLoadError, RequestRefused } from './errors.js';
import { manifestOf } from './manifest.js';
import { textOf } from './text.js';

/** @import { Decision, Manifest, Parts, Request, State } from './types.js' */

const TEXT_INTERFACE = 'execution-router:policy/routing-json@0.1.0';
const RECORD_INTERFACE = 'execution-router:policy/routing@0.1.0';

/**
 * Characters of a request, and of a state. A router takes lines of 64 KiB; far more than that
 * would run the policy out of memory, and the trap would be the sender's doing.
 */
export const TEXT_CHARS_MAX = 1 << 20;

/** Characters of an answer. It echoes the request, and no policy has more to say. */
const ANSWER_CHARS_MAX = 2 * TEXT_CHARS_MAX;

/** @typedef {(request: string, state: string) => string} DecideJson */

export class Policy {
  /** @type {Parts} */
  #parts;
  /** @type {DecideJson | undefined} */
  #decideJson;
  /** @type {Manifest | undefined} */
  #manifest;
  #faults = 0;

  /**
   * From what jco made of a component; see `Policy.load` of `index.js` for the component itself.
   *
   * @param {Parts} parts
   * @throws {PolicyLoadError} it does not start, or is no policy that takes text
   */
  constructor(parts) {
    this.#parts = parts;
    // Described in an instance of its own: one that decides has been asked nothing else.
    this.#manifest = described(started(parts));
    this.#decideJson = textEntry(started(parts));
  }

  /** SHA-256 of the component, in hexadecimal: what `execution-router` calls its digest. */
  get digest() {
    return this.#parts.digest;
  }

  /** What the policy says of itself; undefined for a component that only takes text. */
  get manifest() {
    return this.#manifest;
  }

  /** How often the policy was at fault. After a trap, the next call has a new instance. */
  get faults() {
    return this.#faults;
  }

  /**
   * Decides one request.
   *
   * @param {Request} request
   * @param {State} [state] ACTIVE and without budgets when not given
   * @returns {Decision}
   * @throws {RequestRefused} the request, or the state, is faulty
   * @throws {PolicyFault} the policy is
   */
  decide(request, state = {}) {
    const answer = this.decideText(textOf(request), textOf(state));
    try {
      return decisionOf(answer);
    } catch (error) {
      if (error instanceof PolicyFault) {
        this.#faults += 1;
      }
      throw error;
    }
  }

  /**
   * Decides one request as text: every digit is taken as it is written, and the answer is the
   * decision, or the refusal, in its canonical form.
   *
   * @param {string} request
   * @param {string} [state]
   * @returns {string}
   * @throws {RequestRefused} a text is longer than any router takes, or cannot be UTF-8
   * @throws {PolicyFault} it trapped, or its answer cannot be read
   */
  decideText(request, state = '{}') {
    check(request);
    check(state);
    try {
      this.#decideJson ??= textEntry(started(this.#parts));
      return bounded(this.#decideJson(request, state));
    } catch (error) {
      // An instance that trapped is never entered again: its memory is as the trap left it.
      this.#decideJson = undefined;
      this.#faults += 1;
      throw asFault(error);
    }
  }
}

/**
 * The decision in an answer.
 *
 * @param {string} answer
 * @returns {Decision}
 * @throws {RequestRefused | PolicyFault}
 */
export function decisionOf(answer) {
  const decision = parsed(answer);
  const { error } = decision;
  if (error?.code === 'no_route') {
    throw new PolicyFault('no_route', error.message);
  }
  if (error) {
    throw new RequestRefused(error, decision);
  }
  return decision;
}

/**
 * @param {string} text
 * @throws {RequestRefused}
 */
function check(text) {
  if (typeof text !== 'string') {
    throw new TypeError('a request and a state are strings here; `decide` takes objects');
  }
  if (text.length > TEXT_CHARS_MAX) {
    const message = `the line is longer than ${TEXT_CHARS_MAX} characters`;
    throw new RequestRefused({ code: 'line_too_long', message });
  }
  // Made UTF-8, it would silently become another character.
  if (!text.isWellFormed()) {
    throw new RequestRefused({ code: 'bad_json', message: 'the line has half of a surrogate pair' });
  }
}

/** @param {string} answer */
function parsed(answer) {
  try {
    const value = JSON.parse(answer);
    if (typeof value?.side === 'string') {
      return value;
    }
  } catch {
    // Said below.
  }
  throw new PolicyFault('unreadable_answer', 'the policy answers with something that is no decision');
}

/** @param {Parts} parts */
function started({ instantiate, cores }) {
  try {
    const exports = instantiate((name) => /** @type {WebAssembly.Module} */ (cores[name]), {});
    return /** @type {Record<string, any>} */ (exports);
  } catch (error) {
    throw new PolicyLoadError('broken', `the component does not start: ${reason(error)}`, error);
  }
}

/**
 * @param {Record<string, any>} exports
 * @returns {DecideJson}
 */
function textEntry(exports) {
  const decideJson = exports[TEXT_INTERFACE]?.decideJson;
  if (typeof decideJson === 'function') {
    return decideJson;
  }
  const message = exports[RECORD_INTERFACE]
    ? 'the policy takes records alone; this host needs one that `execution-router build` made'
    : `the component is of another world: it does not export \`${TEXT_INTERFACE}\``;
  throw new PolicyLoadError('another_world', message);
}

/** @param {Record<string, any>} exports */
function described(exports) {
  const describe = exports[RECORD_INTERFACE]?.describe;
  if (typeof describe !== 'function') {
    return undefined;
  }
  try {
    return manifestOf(describe());
  } catch (error) {
    const message = `the policy does not say what it is: ${reason(error)}`;
    throw new PolicyLoadError('broken', message, error);
  }
}

/** @param {unknown} answer */
function bounded(answer) {
  if (typeof answer === 'string' && answer.length <= ANSWER_CHARS_MAX) {
    return answer;
  }
  throw new PolicyFault('unreadable_answer', 'the policy answers with more than it may');
}

/** @param {unknown} error */
function asFault(error) {
  return error instanceof PolicyFault
    ? error
    : new PolicyFault('trapped', `the policy trapped: ${reason(error)}`, error);
}

/** @param {unknown} error */
function reason(error) {
  return error instanceof Error ? error.message : String(error);
}
