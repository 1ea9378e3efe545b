// A policy as a folder that runs anywhere: an ES module, its core modules and this host, without
// dependencies. Owns the folder's layout. Nothing in it knows where it was built.

import { execFile } from 'node:child_process';
import { copyFile, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { digestOf, read } from './component.js';
import { transpiled } from './transpile.js';

const run = promisify(execFile);
const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

/** What a policy needs while it decides. */
const HOST_FILES = ['errors.js', 'files.js', 'manifest.js', 'policy.js', 'text.js', 'types.d.ts'];

/** The program, as a build of the repository leaves it, or as the environment names it. */
export const PROGRAM = process.env.EXECUTION_ROUTER ?? here('../../../../target/release/execution-router');

/**
 * Writes the module for a component into a folder, over what is there.
 *
 * @param {string} wasm the component's path
 * @param {string} folder
 * @throws {import('./errors.js').PolicyLoadError}
 */
export async function buildModule(wasm, folder) {
  const bytes = await read(wasm);
  const { source, cores } = await transpiled(bytes);
  await mkdir(join(folder, 'host'), { recursive: true });
  await writeFile(join(folder, 'component.js'), source);
  for (const [name, core] of Object.entries(cores)) {
    await writeFile(join(folder, name), core);
  }
  for (const name of HOST_FILES) {
    await copyFile(here(name), join(folder, 'host', name));
  }
  await writeFile(join(folder, 'index.js'), entry(Object.keys(cores), digestOf(bytes)));
  await writeFile(join(folder, 'index.d.ts'), ENTRY_TYPES);
  await declare(join(folder, 'host'));
}

/**
 * Writes the page, with a policy's module in it.
 *
 * @param {string} wasm the component's path
 * @param {string} folder
 */
export async function buildPage(wasm, folder) {
  await cp(here('../page'), folder, { recursive: true });
  await buildModule(wasm, join(folder, 'policy'));
}

/**
 * Does something with a policy's component, which is made first when it is a document.
 *
 * @param {string} policy a component, a `policy.yaml`, or a folder that holds one
 * @param {(wasm: string) => Promise<void>} use
 */
export async function withComponent(policy, use) {
  if (policy.endsWith('.wasm')) {
    return use(policy);
  }
  const folder = await mkdtemp(join(tmpdir(), 'policy-'));
  try {
    const wasm = join(folder, 'policy.wasm');
    await compose(policy, wasm);
    return await use(wasm);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/**
 * @param {string} policy
 * @param {string} wasm
 */
async function compose(policy, wasm) {
  try {
    await run(PROGRAM, ['build', policy, '-o', wasm]);
  } catch (error) {
    const { code, stderr } = /** @type {{ code: unknown, stderr: string }} */ (error);
    throw code === 'ENOENT'
      ? new Error(`\`${PROGRAM}\` is not there: run \`cargo build --release\`, or set EXECUTION_ROUTER to the program`)
      : new Error(stderr.trim());
  }
}

/**
 * Core modules are named as literals, so that bundlers find them.
 *
 * @param {string[]} cores
 * @param {string} digest
 */
function entry(cores, digest) {
  const addresses = cores.map((name) => `        '${name}': new URL('./${name}', import.meta.url),\n`);
  return `import { instantiate } from './component.js';
import { compiled } from './host/files.js';
import { Policy as ReadyPolicy } from './host/policy.js';

export * from './host/errors.js';

export class Policy extends ReadyPolicy {
  static async load() {
    return new Policy({
      instantiate,
      cores: await compiled({
${addresses.join('')}      }),
      digest: '${digest}',
    });
  }
}
`;
}

const ENTRY_TYPES = `import { Policy as ReadyPolicy } from './host/policy.js';

export * from './host/errors.js';
export type * from './host/types.js';

export declare class Policy extends ReadyPolicy {
  /** From the files beside this one. */
  static load(): Promise<Policy>;
}
`;

/**
 * For those who write TypeScript: what the host's files say of their types.
 *
 * @param {string} folder
 */
async function declare(folder) {
  const compiler = here('../node_modules/typescript/bin/tsc');
  const options = ['--ignoreConfig', '--allowJs', '--declaration', '--emitDeclarationOnly', '--skipLibCheck'];
  const kind = ['--module', 'NodeNext', '--target', 'ES2022', '--types', 'node', '--rootDir', here('.'), '--outDir', folder];
  const files = [here('policy.js'), here('errors.js')];
  // There it finds Node's types, wherever it is called from.
  await run(process.execPath, [compiler, ...options, ...kind, ...files], { cwd: here('..') });
}
