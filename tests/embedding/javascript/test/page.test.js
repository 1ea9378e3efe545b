// The page, in a browser: it decides as the router does, says errors at their fields, and goes on
// after a trap.

import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { chromium } from 'playwright-core';

import { addressOf, serve } from '../serve.js';
import { buildPage } from '../src/build.js';
import { EXAMPLES } from '../page/examples.js';
import { faulty, folder, prepared, recorded, shipped } from './support.js';

/** @import { Browser, Page } from 'playwright-core' */

// What `CHROMIUM` names must be there.
const BROWSER = process.env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/google-chrome'].find(existsSync);
const skip = BROWSER === undefined && 'no browser; set CHROMIUM to one';

/** A browser that talks to nobody but the page's server. */
const QUIET = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

/** @type {Browser} */
let browser;
before(async () => {
  if (!skip) {
    browser = await chromium.launch({ executablePath: String(BROWSER), args: QUIET });
  }
});
after(() => browser?.close());

/**
 * The page of a policy, open. What it logs as an error, and whom else it asks, fails the test.
 *
 * @param {import('node:test').TestContext} context
 * @param {Uint8Array} component
 */
async function opened(context, component) {
  const path = folder(context);
  writeFileSync(join(path, 'policy.wasm'), component);
  await buildPage(join(path, 'policy.wasm'), join(path, 'page'));
  const server = await serve(join(path, 'page'));
  const page = await browser.newPage();
  /** @type {string[]} */
  const wrong = [];
  page.on('pageerror', ({ message }) => wrong.push(message));
  page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
  page.on('request', (request) => request.url().startsWith(addressOf(server)) || request.url().startsWith('data:') || wrong.push(request.url()));
  context.after(async () => {
    await page.close();
    server.close();
    assert.deepEqual(wrong, []);
  });
  await page.goto(addressOf(server));
  await page.locator('#decide:enabled').waitFor();
  return page;
}

/** @param {Page} page */
async function pressed(page) {
  await page.getByRole('button', { name: 'Decide' }).click();
  const text = (/** @type {string} */ selector) => page.locator(selector).first().innerText();
  return { side: await text('#answer .side'), answer: await text('#answer') };
}

/** What each example comes to: the side and the reason, or the field and the code. */
const EXPECTED = [
  ['BUY', /opens a long in BTC\/USDT, intent pilot\. Reason open_long, by rule open/],
  ['SKIP', /Reason exploration_limit/],
  ['BUY', /intent pilot\. Reason open_long/],
  ['SKIP', /Reason shorting_disabled/],
  ['SELL', /closes a long in BTC\/USDT, intent exit\. Reason close_long/],
  ['SKIP', /Reason trading_halted/],
  ['SELL', /intent risk\. Reason close_long/],
  ['BUY', /Reason close_short[^]*price is "n\/a"; it must be a decimal above 0/],
  ['price', /Code not_a_decimal/],
  ['quote_rate', /Code field_missing/],
  ['position.side', /Code position_missing/],
];

test('every example is decided, or refused at its field', { skip }, async (context) => {
  const page = await opened(context, await shipped('default'));
  assert.match(await page.locator('#policy').innerText(), /^Decided by default, version 1 \([0-9a-f]{12}…\), in this page\.$/);
  assert.equal(EXAMPLES.length, EXPECTED.length);
  for (const [at, [name]] of EXAMPLES.entries()) {
    await page.getByLabel('Example').selectOption({ label: name });
    const { side, answer } = await pressed(page);
    const [expected, text] = /** @type {[string, RegExp]} */ (EXPECTED[at]);
    const faulty = page.locator('[aria-invalid="true"]');
    const refused = (await faulty.count()) > 0;
    assert.equal(refused ? await faulty.getAttribute('name') : side, expected, name);
    assert.match(answer, text);
    if (refused) {
      assert.equal(side, 'Refused');
      // Said where it happened, to screen readers too, and ready to be mended.
      assert.equal(await faulty.getAttribute('aria-describedby'), await page.locator('.error').getAttribute('id'));
      assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('aria-invalid')), 'true');
    } else {
      assert.match(answer, /\d\.\d µs for the decision/);
    }
  }
});

test('a request is edited by keyboard, and an error goes when it is mended', { skip }, async (context) => {
  const page = await opened(context, await shipped('default'));
  await page.getByLabel('equity', { exact: true }).fill('abc');
  await page.keyboard.press('Enter');
  assert.equal(await page.locator('.error').innerText(), 'equity is "abc"; it must be a decimal of 0 or more');
  await page.keyboard.press('Control+A');
  await page.keyboard.type('20000');
  await page.keyboard.press('Enter');
  await page.locator('#answer .BUY').waitFor();
  assert.equal(await page.locator('.error').count(), 0);
  assert.match(await page.locator('.budget').innerText(), /^Budget exploration: needs 200, 600 left of 600 \(used 0, reserved 0\)/);
  await page.getByLabel('used', { exact: true }).fill('-1');
  await pressed(page);
  assert.equal(await page.locator('[aria-invalid="true"]').getAttribute('name'), 'budgets.used');
});

test('everything that can be filled in has a name', { skip }, async (context) => {
  const page = await opened(context, await shipped('default'));
  const nameless = await page.locator('input, select, button, meter').evaluateAll((inputs) =>
    inputs.filter((input) => !(/** @type {HTMLInputElement} */ (input).labels?.length || input.textContent?.trim())).map(({ id }) => id),
  );
  assert.deepEqual(nameless, []);
});

/**
 * What is decided otherwise in the page than it should be.
 *
 * @param {Page} page
 * @param {ReturnType<typeof recorded>} cases
 */
function differences(page, cases) {
  return page.evaluate(async (cases) => {
    const { Policy } = await import(new URL('policy/index.js', document.baseURI).href);
    const policy = await Policy.load();
    return cases.flatMap(({ request, state, expected }) => {
      const answer = policy.decideText(request, state);
      return answer === expected ? [] : [{ request, state, expected, answer }];
    });
  }, cases);
}

test('two real streams are decided in the page as the router decides them', { skip }, async (context) => {
  const page = await opened(context, await shipped('default'));
  const cases = ['btc_usdt_2022-01', 'altcoins_2018-01'].flatMap(recorded);
  assert(cases.length > 4_000);
  assert.deepEqual(await differences(page, cases), []);
});

const laidOut = prepared('default');
const unprepared = skip || (!laidOut && 'not laid out');

test('so are the cases of the conformance suite', { skip: unprepared }, async (context) => {
  const { component, cases } = /** @type {NonNullable<typeof laidOut>} */ (laidOut);
  const page = await opened(context, component);
  assert(cases.length > 2_000);
  assert.deepEqual(await differences(page, cases), []);
});

test('a trap is said, and the next request is decided', { skip }, async (context) => {
  const page = await opened(context, await faulty());
  for (const [symbol, side, text] of /** @type {[string, string, RegExp][]} */ ([
    ['X', 'SKIP', /Reason hold/],
    ['!T', 'The policy failed', /the policy trapped: .*unreachable[^]*Code trapped\. No order goes out\./],
    ['X', 'SKIP', /Reason hold/],
    ['!J', 'The policy failed', /Code unreadable_answer/],
    ['!D', 'The policy failed', /Maximum call stack size exceeded/],
    ['X', 'SKIP', /Reason hold/],
  ])) {
    await page.getByLabel('symbol').fill(symbol);
    const pressedNow = await pressed(page);
    assert.equal(pressedNow.side, side);
    assert.match(pressedNow.answer, text);
  }
});
