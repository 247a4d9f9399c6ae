// npm run bench -- [workload ...] [--rounds n] [--only contender,...] [--scale share] [--large] [--beside checkout]: compares this gateway with
// other upload servers.
import { join } from 'node:path';
import { findChromium } from './chromium.mjs';
import { build, ensureInstalled, keepRunning, nodeBinary, root, say } from './workspace.mjs';

ensureInstalled();
say('Building the gateway and the client');
await build('api', 'testing', 'client');

say('Measuring. Do not use the machine for anything else');
const bench = join(root, 'bench', 'src', 'bench.ts');
process.exitCode = await keepRunning(nodeBinary(), [bench, ...process.argv.slice(2)], {
  env: { CHROMIUM_PATH: await findChromium() },
});
