// npm run soak -- [minutes] [--cuts n] [--kills n] [--clients n] [--max-mib n]: many uploads between random faults.
import { join } from 'node:path';
import { build, ensureInstalled, keepRunning, nodeBinary, root, say } from './workspace.mjs';

ensureInstalled();
say('Building the gateway and the client');
await build('api', 'testing', 'client');

say('Uploading between faults; a report follows at the end');
const soak = join(root, 'apps', 'api-e2e', 'src', 'soak', 'soak.ts');
process.exitCode = await keepRunning(nodeBinary(), [soak, ...process.argv.slice(2)]);
