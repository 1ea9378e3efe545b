// The other side of `deadline.js`: a policy in a thread of its own, text in, text out.

import { parentPort, workerData } from 'node:worker_threads';

import { partsOf } from './component.js';
import { PolicyFault, PolicyLoadError, RequestRefused } from './errors.js';
import { Policy } from './policy.js';

const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);

const policy = await started();
port.on('message', ([request, state]) => port.postMessage(answer(request, state)));

async function started() {
  try {
    const policy = new Policy(await partsOf(workerData));
    port.postMessage({});
    return policy;
  } catch (error) {
    if (!(error instanceof PolicyLoadError)) {
      throw error;
    }
    port.postMessage({ broken: { code: error.code, message: error.message } });
    return undefined;
  }
}

/**
 * Errors lose their class on the way between threads, so they go as what they say.
 *
 * @param {string} request
 * @param {string} state
 */
function answer(request, state) {
  try {
    return { answer: policy?.decideText(request, state) };
  } catch (error) {
    if (error instanceof PolicyFault) {
      return { fault: { code: error.code, message: error.message } };
    }
    if (error instanceof RequestRefused) {
      return { refused: { code: error.code, message: error.message } };
    }
    throw error;
  }
}
