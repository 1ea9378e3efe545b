// A component into an ES module and its core modules, with jco. For Node: it runs when a policy
// is built or loaded, never when one decides. Owns what is refused before anything of it runs.

import { transpileBytes } from '@bytecodealliance/jco-transpile';

import { PolicyLoadError } from './errors.js';

/** As the router's profile `large`. Compiling is not limited otherwise. */
const COMPONENT_BYTES_MAX = 32 << 20;

const MAGIC = [0x00, 0x61, 0x73, 0x6d];
/** The version of a component; a core module has 1 here. */
const COMPONENT_VERSION = 0x0d;

/** The name of the module; core modules are named after it. */
const NAME = 'component';

/**
 * @typedef {object} Transpiled
 * @property {string} source the ES module; it exports `instantiate` and imports nothing
 * @property {Record<string, Uint8Array<ArrayBuffer>>} cores by the names under which the module asks for them
 */

/**
 * @param {Uint8Array} bytes
 * @returns {Promise<Transpiled>}
 * @throws {PolicyLoadError} no component, a damaged one, or one with imports
 */
export async function transpiled(bytes) {
  checkBeginning(bytes);
  const { files, imports } = await generated(bytes);
  if (imports.length > 0) {
    const message = `the component imports \`${imports[0]}\`, and a policy imports nothing`;
    throw new PolicyLoadError('imports', message);
  }
  return {
    source: new TextDecoder().decode(files[`${NAME}.js`]),
    cores: Object.fromEntries(
      Object.entries(files)
        .filter(([name]) => name.endsWith('.wasm'))
        .map(([name, core]) => [name, new Uint8Array(core)]),
    ),
  };
}

/** @param {Uint8Array} bytes */
function checkBeginning(bytes) {
  if (bytes.length > COMPONENT_BYTES_MAX) {
    const message = `the file has ${bytes.length} bytes, and ${COMPONENT_BYTES_MAX} are the bound`;
    throw new PolicyLoadError('not_a_component', message);
  }
  if (MAGIC.some((byte, at) => bytes[at] !== byte)) {
    const message = 'the file is no WebAssembly; `execution-router build POLICY -o policy.wasm` makes it';
    throw new PolicyLoadError('not_a_component', message);
  }
  if (bytes[4] !== COMPONENT_VERSION) {
    const message = 'the file is a core module, and a policy is a component; `wasm-tools component new` makes one';
    throw new PolicyLoadError('core_module', message);
  }
}

/** @param {Uint8Array} bytes */
async function generated(bytes) {
  try {
    return await transpileBytes(bytes, {
      name: NAME,
      // One module, instantiated as often as it takes: again after a trap.
      instantiation: 'sync',
      // Then the module is the same for browsers.
      nodejsCompat: false,
      // Core modules stay files, whatever their size, so that browsers compile them as they come.
      base64Cutoff: 0,
      emitTypescriptDeclarations: false,
      minify: true,
    });
  } catch (error) {
    const message = `the component is damaged: ${cause(error)}`;
    throw new PolicyLoadError('damaged', message, error);
  }
}

/**
 * jco tells the cause in its last line.
 *
 * @param {unknown} error
 */
function cause(error) {
  const { payload, message } = /** @type {any} */ (error);
  return String(payload ?? message ?? error).trim().split('\n').at(-1)?.trim();
}
