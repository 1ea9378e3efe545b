// A component's file, read and made ready for Node. Owns the way from the file to the parts of a
// policy, which may be taken in another thread than the one that read the file.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { PolicyLoadError } from './errors.js';
import { transpiled } from './transpile.js';

/** @import { Parts } from './types.js' */

/**
 * What threads can hand each other.
 *
 * @typedef {{ source: string, cores: Parts['cores'], digest: string }} Component
 */

/**
 * @param {string | URL | Uint8Array} source a component, or where it is
 * @returns {Promise<Component>}
 * @throws {PolicyLoadError}
 */
export async function component(source) {
  const bytes = await read(source);
  const { source: module, cores } = await transpiled(bytes);
  const compiled = Object.entries(cores).map(async ([name, core]) => [name, await compile(core)]);
  return {
    source: module,
    cores: Object.fromEntries(await Promise.all(compiled)),
    digest: digestOf(bytes),
  };
}

/**
 * @param {Component} component
 * @returns {Promise<Parts>}
 */
export async function partsOf({ source, cores, digest }) {
  // The same text is the same module: loading a policy twice keeps one of them.
  const address = `data:text/javascript;base64,${Buffer.from(source).toString('base64')}`;
  const { instantiate } = await import(address);
  return { instantiate, cores, digest };
}

/**
 * SHA-256, in hexadecimal.
 *
 * @param {Uint8Array} bytes
 */
export function digestOf(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * @param {string | URL | Uint8Array} source
 * @returns {Promise<Uint8Array>}
 * @throws {PolicyLoadError}
 */
export async function read(source) {
  if (source instanceof Uint8Array) {
    return source;
  }
  if (typeof source !== 'string' && !(source instanceof URL)) {
    throw new TypeError('a policy is loaded from a path, a URL of a file, or its bytes');
  }
  try {
    return await readFile(source);
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    throw new PolicyLoadError('unreadable', `\`${source}\` cannot be read: ${message}`, error);
  }
}

/** @param {Uint8Array<ArrayBuffer>} core */
async function compile(core) {
  try {
    return await WebAssembly.compile(core);
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    throw new PolicyLoadError('damaged', `the component does not compile: ${message}`, error);
  }
}
