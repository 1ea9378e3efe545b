// A policy that cannot hold up its caller: it decides in a worker, which is ended when the answer
// does not come in time. For Node. Owns the worker and the order of calls; nothing bounds what the
// policy takes of the machine until then.

import { Worker } from 'node:worker_threads';

import { component } from './component.js';
import { PolicyFault, PolicyLoadError, RequestRefused } from './errors.js';
import { decisionOf } from './policy.js';
import { textOf } from './text.js';

/**
 * @import { Component } from './component.js'
 * @import { Decision, Request, State } from './types.js'
 * @typedef {{ answer: string } | { refused: { code: string, message: string } }
 *   | { fault: { code: import('./errors.js').FaultCode, message: string } }} Answer
 */

/** How long a worker may take to start. It compiles nothing: that is done once, before. */
const START_MS_MAX = 10_000;

export class DeadlinePolicy {
  /** @type {Component} */
  #component;
  /** @type {number} */
  #deadlineMs;
  /** @type {Worker | undefined} */
  #worker;
  /** @type {Promise<unknown>} */
  #last = Promise.resolve();

  /**
   * @param {Component} component
   * @param {number} deadlineMs
   */
  constructor(component, deadlineMs) {
    this.#component = component;
    this.#deadlineMs = deadlineMs;
  }

  /**
   * @param {string | URL | Uint8Array} source a component, or where it is
   * @param {{ deadlineMs?: number }} [options] how long one decision may take
   * @returns {Promise<DeadlinePolicy>}
   * @throws {PolicyLoadError}
   */
  static async load(source, { deadlineMs = 50 } = {}) {
    const policy = new DeadlinePolicy(await component(source), deadlineMs);
    policy.#worker = await policy.#start();
    return policy;
  }

  /**
   * Decides one request, after those that were asked before.
   *
   * @param {Request} request
   * @param {State} [state]
   * @returns {Promise<Decision>}
   * @throws {RequestRefused}
   * @throws {PolicyFault} with the code `deadline` when it took too long
   */
  decide(request, state = {}) {
    const texts = [textOf(request), textOf(state)];
    const answer = this.#last.then(() => this.#ask(texts));
    this.#last = answer.catch(() => undefined);
    return answer.then(decisionOf);
  }

  /** Ends the worker. The next decision starts another one. */
  async close() {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  /** @param {string[]} texts */
  async #ask(texts) {
    this.#worker ??= await this.#start();
    this.#worker.postMessage(texts);
    /** @type {Answer} */
    const answer = await this.#heard(this.#worker, this.#deadlineMs, 'one decision');
    if ('fault' in answer) {
      throw new PolicyFault(answer.fault.code, answer.fault.message);
    }
    if ('refused' in answer) {
      throw new RequestRefused(answer.refused);
    }
    return answer.answer;
  }

  async #start() {
    const worker = new Worker(new URL('./deadline-worker.js', import.meta.url), {
      workerData: this.#component,
    });
    // A bot that is done ends, whatever its policy does.
    worker.unref();
    const { broken } = await this.#heard(worker, START_MS_MAX, 'its start');
    if (broken) {
      await worker.terminate();
      throw new PolicyLoadError(broken.code, broken.message);
    }
    return worker;
  }

  /**
   * The worker's next message. A worker that does not say it in time is ended.
   *
   * @param {Worker} worker
   * @param {number} ms
   * @param {string} what
   * @returns {Promise<any>}
   */
  #heard(worker, ms, what) {
    return new Promise((resolve, reject) => {
      const end = (/** @type {PolicyFault} */ fault) => {
        this.#worker = undefined;
        settle(reject, fault);
        void worker.terminate();
      };
      const late = () => end(new PolicyFault('deadline', `the policy takes more than ${ms} ms for ${what}`));
      const timer = setTimeout(late, ms);
      const failed = (/** @type {Error} */ error) =>
        end(new PolicyFault('trapped', `the policy ended its worker: ${error.message}`, error));
      const heard = (/** @type {unknown} */ message) => settle(resolve, message);
      /**
       * @template T
       * @param {(value: T) => void} how
       * @param {T} value
       */
      const settle = (how, value) => {
        clearTimeout(timer);
        worker.off('error', failed).off('message', heard);
        how(value);
      };
      worker.once('error', failed).once('message', heard);
    });
  }
}
