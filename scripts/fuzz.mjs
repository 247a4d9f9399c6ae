// npm run fuzz -- [inputs] [--seed n]: malformed input to the gateway, next to uploads of another owner.
import { join } from 'node:path';
import { build, ensureInstalled, keepRunning, nodeBinary, root, say } from './workspace.mjs';

ensureInstalled();
say('Building the gateway and the client');
await build('api', 'testing', 'client');

say('Sending malformed input; a report follows at the end');
const fuzz = join(root, 'apps', 'api-e2e', 'src', 'fuzz', 'fuzz.ts');
process.exitCode = await keepRunning(nodeBinary(), [fuzz, ...process.argv.slice(2)]);
