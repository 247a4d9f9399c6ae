// npm run bench -- [workload ...] [--rounds n] [--only contender,...] [--scale share] [--large]: this gateway beside its peers.
import { join } from 'node:path';
import { findChromium } from './chromium.mjs';
import { ensureInstalled, fail, keepRunning, nodeBinary, root, run, say } from './workspace.mjs';

ensureInstalled();
say('Building the gateway and the client');
const { code } = await run('nx', [
  'run-many',
  '-t',
  'build',
  '-p',
  'api',
  'testing',
  'client',
  '--output-style=static',
]);
if (code !== 0) fail('The build failed; its messages above say why.');

say('Measuring. Leave the machine alone meanwhile');
const bench = join(root, 'bench', 'src', 'bench.ts');
process.exitCode = await keepRunning(nodeBinary(), [bench, ...process.argv.slice(2)], {
  env: { CHROMIUM_PATH: await findChromium() },
});
