// What can go wrong, by who must act: the owner of the file, the sender of the request, the
// author of the policy. Programs go by `code`; messages are for people.

/**
 * A component that is not taken.
 *
 * @typedef {'unreadable' | 'not_a_component' | 'core_module' | 'damaged' | 'imports' | 'another_world'
 *   | 'broken'} LoadCode
 */
export class PolicyLoadError extends Error {
  /**
   * @param {LoadCode} code
   * @param {string} message
   * @param {unknown} [cause]
   */
  constructor(code, message, cause) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'PolicyLoadError';
    this.code = code;
  }
}

/** A request, or a state, that cannot be decided. The same one is refused again. */
export class RequestRefused extends Error {
  /**
   * @param {{ code: string, message: string }} error as the policy answers it
   * @param {{ id?: string, symbol?: string }} [of] whose request it was, where readable
   */
  constructor({ code, message }, of = {}) {
    super(message);
    this.name = 'RequestRefused';
    /** One of the codes in `host/README.md`, "Refused lines". */
    this.code = code;
    /** The field at fault: `price`, `position.side`; undefined when the whole is. */
    this.field = fieldOf(message);
    this.id = of.id;
    this.symbol = of.symbol;
  }
}

/**
 * A policy that has no answer. The request is not to blame, so it is still to be decided:
 * by closing what it may close, and by no order else.
 *
 * @typedef {'trapped' | 'unreadable_answer' | 'no_route' | 'deadline'} FaultCode
 */
export class PolicyFault extends Error {
  /**
   * @param {FaultCode} code
   * @param {string} message
   * @param {unknown} [cause]
   */
  constructor(code, message, cause) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'PolicyFault';
    this.code = code;
  }
}

/**
 * A message about a field begins with its name; one about the line or the state as a whole
 * begins with a word.
 *
 * @param {string} message
 */
function fieldOf(message) {
  return /^`([^`]+)`/.exec(message)?.[1];
}
