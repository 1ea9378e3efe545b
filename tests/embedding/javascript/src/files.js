// The core modules of a built policy, from beside it: by `fetch` in browsers, from disk in Node.

import { PolicyLoadError } from './errors.js';

/**
 * @param {Record<string, URL>} addresses
 * @returns {Promise<Record<string, WebAssembly.Module>>}
 * @throws {PolicyLoadError} one of them is not there, or damaged
 */
export async function compiled(addresses) {
  const modules = Object.entries(addresses).map(async ([name, address]) => [name, await one(address)]);
  return Object.fromEntries(await Promise.all(modules));
}

/** @param {URL} address */
async function one(address) {
  const bytes = await (address.protocol === 'file:' ? onDisk(address) : fetched(address));
  try {
    return await WebAssembly.compile(bytes);
  } catch (error) {
    throw new PolicyLoadError('damaged', `\`${address}\` does not compile`, error);
  }
}

/** @param {URL} address */
async function onDisk(address) {
  const { readFile } = await import(/* @vite-ignore */ 'node:fs/promises');
  return new Uint8Array(await readFile(address));
}

/** @param {URL} address */
async function fetched(address) {
  const response = await fetch(address);
  if (!response.ok) {
    throw new PolicyLoadError('unreadable', `\`${address}\` cannot be read: status ${response.status}`);
  }
  return response.arrayBuffer();
}
