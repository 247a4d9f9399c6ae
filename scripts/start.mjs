// npm start: the page and the gateway, built for production, on one port.
import { join } from 'node:path';
import { build, ensureInstalled, keepAllRunning, nodeBinary, root, say } from './workspace.mjs';

ensureInstalled();
say('Building what has changed: the gateway and the page');
await build('api', 'web');

say('Starting. Stop with Ctrl+C; unfinished uploads continue after the next start');
const webDir = process.env.WEB_DIR || join(root, 'apps', 'web', 'dist', 'browser');
process.exitCode = await keepAllRunning([
  {
    command: nodeBinary(),
    args: [join(root, 'apps', 'api', 'dist', 'main.js'), '--end-with-parent'],
    env: { WEB_DIR: webDir },
  },
]);
