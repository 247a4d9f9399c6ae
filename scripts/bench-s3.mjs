// npm run bench:s3: see bench/src/object-store.mjs.
import { join } from 'node:path';
import { build, ensureInstalled, keepRunning, nodeBinary, root, say } from './workspace.mjs';

ensureInstalled();
say('Building the gateway and the client');
await build('api', 'testing', 'client');
process.exitCode = await keepRunning(nodeBinary(), [join(root, 'bench', 'src', 'object-store.mjs')]);
