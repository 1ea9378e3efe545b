// What the tests need: policies by the program, policies that misbehave, recorded cases.

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { parse } from '@bytecodealliance/jco-transpile/wasm-tools';

import { withComponent } from '../src/build.js';

/** @import { Request } from '../src/types.js' */

/** @param {string} path from the top of the repository */
export const inRepository = (path) => fileURLToPath(new URL(`../../../../${path}`, import.meta.url));

/** @param {string} name of a policy in `policies/` */
export async function shipped(name) {
  /** @type {Uint8Array | undefined} */
  let bytes;
  await withComponent(inRepository(`policies/${name}`), async (wasm) => {
    bytes = readFileSync(wasm);
  });
  return /** @type {Uint8Array} */ (bytes);
}

/** The policy of `faulty.wat`. */
export async function faulty() {
  return parse(readFileSync(new URL('./faulty.wat', import.meta.url), 'utf8'));
}

/** A folder that goes when the test ends. */
export function folder(/** @type {import('node:test').TestContext} */ test) {
  const path = mkdtempSync(join(tmpdir(), 'policy-'));
  test.after(() => rmSync(path, { recursive: true }));
  return path;
}

/**
 * A buy of a flat symbol, and what else is given.
 *
 * @param {Record<string, unknown>} [more]
 * @returns {Request}
 */
export function buy(more = {}) {
  const request = { final_action: 'BUY', symbol: 'BTC/USDT', strategy: 'trend', position: null };
  return { ...request, price: '100000', target_notional: '500', ...more };
}

/** The state before anything is used of the default policy's budget. */
export const UNUSED = { budgets: [{ used: '0', reserved: '0', orders: 0 }] };

/**
 * Requests of a recorded stream with the router's own answers. What was used of the budget is
 * what the answer says of it.
 *
 * @param {string} name of a stream in `tests/data`
 * @returns {{ request: string, state: string, expected: string }[]}
 */
export function recorded(name) {
  const lines = (/** @type {string} */ file) => readFileSync(inRepository(file), 'utf8').trimEnd().split('\n');
  const requests = lines(`tests/data/${name}.jsonl`);
  return lines(`tests/data/${name}.decisions.jsonl`).map((answer, at) => {
    const { budget } = JSON.parse(answer);
    const use = { used: budget?.used ?? '0', reserved: budget?.reserved ?? '0', orders: 0 };
    return {
      request: /** @type {string} */ (requests[at]),
      state: JSON.stringify({ trading_state: 'ACTIVE', budgets: [use] }),
      // Only a router holds what was granted.
      expected: answer.replace(/"reservation":"R\d+",/, ''),
    };
  });
}

/**
 * What the conformance suite has laid out for a policy, or undefined where it has not been run.
 *
 * @param {string} name
 */
export function prepared(name) {
  const folder = inRepository(`target/hosts/${name}`);
  if (!existsSync(folder)) {
    return undefined;
  }
  const lines = (/** @type {string} */ file) => readFileSync(join(folder, file), 'utf8').trimEnd().split('\n');
  const expected = lines('expected.jsonl');
  /** @type {{ request: string, state: string, expected: string }[]} */
  const cases = lines('cases.jsonl').map((line, at) => ({ ...JSON.parse(line), expected: expected[at] }));
  return { component: readFileSync(join(folder, 'policy.wasm')), cases };
}
