// The policy for Node: loads a component as it is. What `npm run build` makes has the same class,
// loads without jco, and runs in browsers too.

import { component, partsOf } from './src/component.js';
import { Policy as ReadyPolicy } from './src/policy.js';

export * from './src/errors.js';
export { DeadlinePolicy } from './src/deadline.js';

export class Policy extends ReadyPolicy {
  /**
   * @param {string | URL | Uint8Array} source a component, or where it is
   * @returns {Promise<Policy>}
   * @throws {import('./src/errors.js').PolicyLoadError}
   */
  static async load(source) {
    return new Policy(await partsOf(await component(source)));
  }
}
