// npm run catalogue:rebuild: puts stored files into the catalogue that are not in it, with the settings of the gateway,
// which must not run meanwhile. With -- --unrecorded also those of which no record was kept.
import { join } from 'node:path';
import { build, ensureInstalled, nodeBinary, root, run } from './workspace.mjs';

ensureInstalled();
await build('api');
const script = join(root, 'apps', 'api', 'dist', 'rebuild-catalogue.js');
const { code } = await run(nodeBinary(), [script, ...process.argv.slice(2)]);
process.exitCode = code;
