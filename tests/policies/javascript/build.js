// Makes `policy.wasm`: the policy, and the JavaScript engine that runs it, as one component.

import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { componentize } from '@bytecodealliance/componentize-js';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

// Modules are looked for under the folder that this runs in, and amounts are those of new projects.
process.chdir(here('../../..'));

const { component } = await componentize({
  sourcePath: here('src/policy.js'),
  witPath: here('../../../wit'),
  worldName: 'policy',
  disableFeatures: ['stdio', 'random', 'clocks', 'http', 'fetch-event'],
});

await writeFile(here('policy.wasm'), component);
console.log(`policy.wasm: ${component.byteLength} bytes`);
