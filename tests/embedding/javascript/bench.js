// `npm run bench`: what a decision costs by each way into the component, over a recorded stream,
// and what loading costs. Of the fastest of many short rounds, taken in turns, because machines
// are busy.

import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';

import { Policy } from './index.js';
import { withComponent } from './src/build.js';
import { component, partsOf } from './src/component.js';
import { decimal } from './src/manifest.js';

const ROUNDS = 400;
const ROUND_CALLS = 250;
const WAYS = [
  'decideText: text in, text out',
  'decide: objects in and out',
  'records, made before and left as they are',
  'records, made of objects and named again',
  'a new instance, as after a trap',
];
const inRepository = (/** @type {string} */ path) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

const texts = readFileSync(inRepository('tests/data/btc_usdt_2022-01.jsonl'), 'utf8').trimEnd().split('\n');
const requests = texts.map((text) => JSON.parse(text));
const STATE = { trading_state: /** @type {const} */ ('ACTIVE'), budgets: [{ used: '12.5', reserved: '100', orders: 1 }] };
const STATE_TEXT = JSON.stringify(STATE);
const STATE_RECORD = { tradingState: 'active', budgets: [{ used: record('12.5'), reserved: record('100'), orders: 1 }] };

await withComponent(process.argv[2] ?? inRepository('policies/default'), measure);

/** @param {string} wasm */
async function measure(wasm) {
  const bytes = readFileSync(wasm);
  const policy = await Policy.load(bytes);
  const parts = await partsOf(await component(bytes));
  const core = (/** @type {string} */ name) => parts.cores[name];
  const instance = () => /** @type {any} */ (parts.instantiate(/** @type {any} */ (core), {}));
  const { decide } = instance()['execution-router:policy/routing@0.1.0'];
  const { reasons, rules } = /** @type {NonNullable<Policy['manifest']>} */ (policy.manifest);
  const records = requests.map(recordOf);

  const [text = 1, ...rest] = fastest([
    (at) => policy.decideText(of(texts, at), STATE_TEXT),
    (at) => policy.decide(of(requests, at), STATE),
    (at) => decide(of(records, at), STATE_RECORD),
    (at) => named(decide(recordOf(of(requests, at)), STATE_RECORD), reasons, rules),
  ]);
  const [fresh = 0] = fastest([instance], 1);
  console.log(`${cpus()[0]?.model}, node ${process.versions.node}, ${texts.length} requests`);
  for (const [at, nanoseconds] of [text, ...rest, fresh].entries()) {
    console.log(`${WAYS[at]}: ${Math.round(nanoseconds)} ns, ${(nanoseconds / text).toFixed(2)} ×`);
  }
  const begun = performance.now();
  await Policy.load(bytes);
  console.log(`loading a component, jco warm: ${(performance.now() - begun).toFixed(0)} ms`);
}

/**
 * Nanoseconds of each call.
 *
 * @param {((at: number) => unknown)[]} calls
 * @param {number} [count] of calls in a round
 */
function fastest(calls, count = ROUND_CALLS) {
  const least = calls.map(() => Infinity);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [way, call] of calls.entries()) {
      const begun = process.hrtime.bigint();
      for (let at = 0; at < count; at += 1) {
        call(round * count + at);
      }
      least[way] = Math.min(Number(process.hrtime.bigint() - begun) / count, least[way] ?? Infinity);
    }
  }
  return least;
}

/** @template T @param {T[]} list @param {number} at @returns {T} */
function of(list, at) {
  return /** @type {T} */ (list[at % list.length]);
}

/** An amount as the typed entry takes it. @param {string} text */
function record(text) {
  const [whole, places = ''] = text.split('.');
  const digits = BigInt(`${whole}${places}`);
  return { high: digits >> 64n, low: BigInt.asUintN(64, digits), scale: places.length };
}

/** A request as the typed entry takes it: of a sound one alone, without its faults. @param {any} request */
function recordOf(request) {
  const amount = (/** @type {string | undefined} */ text) => (text === undefined ? undefined : record(text));
  const { position, working } = request;
  return {
    symbol: request.symbol,
    strategy: request.strategy,
    terms: {
      finalAction: request.final_action.toLowerCase(),
      tradeType: request.trade_type,
      position: position ? { side: position.side, quantity: record(position.quantity) } : undefined,
      closeQuantity: amount(request.close_quantity),
      working: { opening: record(working?.opening ?? '0'), closing: record(working?.closing ?? '0') },
      price: amount(request.price),
      targetNotional: amount(request.target_notional),
      sized: request.sized ?? false,
      equity: amount(request.equity),
      quoteRate: amount(request.quote_rate),
      signalScore: request.signal_score,
      confidence: request.confidence,
      riskRewardRatio: request.risk_reward_ratio,
      stopLoss: amount(request.stop_loss),
      takeProfit: amount(request.take_profit),
    },
  };
}

/** The typed answer by its names: without the quantity of an opening, and without metadata. @param {any} decision @param {string[]} reasons @param {string[]} rules */
function named({ side, reason, rule, notional, quantity }, reasons, rules) {
  return {
    side: side.toUpperCase(),
    reason: reasons[reason],
    rule: rules[rule],
    notional: notional && decimal(notional),
    quantity: quantity && decimal(quantity),
  };
}
