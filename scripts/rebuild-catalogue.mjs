// npm run catalogue:rebuild: adds stored files that are missing from the catalogue. Uses the settings of the gateway, which
// must be stopped. With -- --unrecorded, also adds files without a record.
import { join } from 'node:path';
import { build, ensureInstalled, nodeBinary, root, run } from './workspace.mjs';

ensureInstalled();
await build('api');
const script = join(root, 'apps', 'api', 'dist', 'rebuild-catalogue.js');
const { code } = await run(nodeBinary(), [script, ...process.argv.slice(2)]);
process.exitCode = code;
