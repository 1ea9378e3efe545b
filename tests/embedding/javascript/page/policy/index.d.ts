// What the build puts here, for those who read the page's code before it is built.

import { Policy as ReadyPolicy } from '../../src/policy.js';

export * from '../../src/errors.js';

export declare class Policy extends ReadyPolicy {
  static load(): Promise<Policy>;
}
