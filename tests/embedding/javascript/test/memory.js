// Run by `streams.test.js` with `--expose-gc`, in a process without a test runner, which remembers
// every promise: how much more memory is held after 100,000 decisions, as JSON.

import { Policy } from '../index.js';
import { recorded, shipped } from './support.js';

const policy = await Policy.load(await shipped('default'));
const cases = recorded('btc_usdt_2022-01');

const before = held(20_000);
const after = held(100_000);
const grown = { heap: after.heapUsed - before.heapUsed, resident: after.rss - before.rss };
console.log(JSON.stringify(grown));

/** @param {number} decisions */
function held(decisions) {
  for (let at = 0; at < decisions; at += 1) {
    const { request, state } = /** @type {{ request: string, state: string }} */ (cases[at % cases.length]);
    policy.decide(JSON.parse(request), JSON.parse(state));
  }
  globalThis.gc?.();
  return process.memoryUsage();
}
