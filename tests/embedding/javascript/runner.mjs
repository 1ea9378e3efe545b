// The conformance suite's runner for Node: `node runner.mjs POLICY.wasm [--time] < cases > decisions`.

import { createInterface } from 'node:readline';

import { Policy, PolicyFault } from './index.js';

const begun = process.hrtime.bigint();
const policy = await Policy.load(String(process.argv[2]));
const loaded = process.hrtime.bigint();

let cases = 0;
let answers = '';
let nanoseconds = 0n;
for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const { request, state } = JSON.parse(line);
  const asked = process.hrtime.bigint();
  answers += `${decided(request, state)}\n`;
  nanoseconds += process.hrtime.bigint() - asked;
  cases += 1;
  if (answers.length > 1 << 16) {
    process.stdout.write(answers);
    answers = '';
  }
}
process.stdout.write(answers);
if (process.argv.includes('--time')) {
  const times = { cases, nanoseconds_total: Number(nanoseconds), load_nanoseconds: Number(loaded - begun) };
  console.error(JSON.stringify(times));
}

/**
 * @param {string} request
 * @param {string} state
 */
function decided(request, state) {
  try {
    return policy.decideText(request, state);
  } catch (error) {
    if (error instanceof PolicyFault) {
      return JSON.stringify({ side: 'SKIP', error: { code: 'policy_fault', message: error.message } });
    }
    throw error;
  }
}
