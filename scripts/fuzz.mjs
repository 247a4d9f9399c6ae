// npm run fuzz -- [inputs] [--seed n]: wild input to the gateway, beside the uploads of another owner.
import { join } from 'node:path';
import { build, ensureInstalled, keepRunning, nodeBinary, root, say } from './workspace.mjs';

ensureInstalled();
say('Building the gateway and the client');
await build('api', 'testing', 'client');

say('Sending wild input; what happened is reported at the end');
const fuzz = join(root, 'apps', 'api-e2e', 'src', 'fuzz', 'fuzz.ts');
process.exitCode = await keepRunning(nodeBinary(), [fuzz, ...process.argv.slice(2)]);
