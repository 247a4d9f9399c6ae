// npm run soak -- [minutes] [--cuts n] [--kills n] [--clients n] [--max-mib n]: many uploads between random faults.
import { join } from 'node:path';
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

say('Uploading between faults; what happened is reported at the end');
const soak = join(root, 'apps', 'api-e2e', 'src', 'soak', 'soak.ts');
process.exitCode = await keepRunning(nodeBinary(), [soak, ...process.argv.slice(2)]);
