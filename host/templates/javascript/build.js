// Makes `policy.wasm`: the policy, and the JavaScript engine that runs it, as one component.

import { writeFile } from 'node:fs/promises';
import { componentize } from '@bytecodealliance/componentize-js';

const { component } = await componentize({
  sourcePath: 'src/policy.js',
  witPath: 'wit',
  worldName: 'policy',
  // A policy has no system: each of these, left on, would be an import, and the host refuses it.
  disableFeatures: ['stdio', 'random', 'clocks', 'http', 'fetch-event'],
});

await writeFile('policy.wasm', component);
console.log(`policy.wasm: ${component.byteLength} bytes`);
