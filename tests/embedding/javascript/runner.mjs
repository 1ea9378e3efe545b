// The conformance suite's runner for Node: `node runner.mjs [--time] POLICY < cases > decisions`.

import { readFileSync } from 'node:fs';

import { Policy, PolicyFault } from './index.js';

const clock = process.hrtime.bigint;
const path = String(process.argv.slice(2).find((argument) => argument !== '--time'));
const bytes = readFileSync(path);
const begun = clock();
const policy = await Policy.load(bytes);
const loaded = clock();

let lines = '';
for await (const chunk of process.stdin.setEncoding('utf8')) {
  lines += chunk;
}
// Not by `readline`, for which U+2028 within a line ends it.
const cases = lines.split('\n').filter(Boolean).map((line) => JSON.parse(line));
let nanoseconds = 0n;
const answers = cases.map(({ request, state }) => {
  const asked = clock();
  const answer = decided(request, state);
  nanoseconds += clock() - asked;
  return `${answer}\n`;
});
process.stdout.write(answers.join(''));

if (process.argv.includes('--time')) {
  const { dependencies } = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8'));
  console.error(JSON.stringify({
    cases: cases.length,
    nanoseconds_total: Number(nanoseconds),
    load_nanoseconds: Number(loaded - begun),
    runtime: `node ${process.versions.node}, jco-transpile ${dependencies['@bytecodealliance/jco-transpile']}`,
  }));
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
