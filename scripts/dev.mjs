// npm run dev: the page on port 4200 (PAGE_PORT) with live reload, the gateway on PORT (3000) restarted when its sources change.
import { join } from 'node:path';
import { endingWithStdin, ensureInstalled, fail, keepAllRunning, nodeBinary, root, run, say } from './workspace.mjs';

const pagePort = process.env.PAGE_PORT || '4200';
const PAGE = `http://localhost:${pagePort}`;

ensureInstalled();
say('Building the gateway once');
const { code } = await run('nx', ['run', 'api:build', '--output-style=static']);
if (code !== 0) fail('The build failed; its messages above say why.');

say(`The page will be on ${PAGE}. Stop with Ctrl+C`);
const origins = [process.env.CORS_ORIGINS, PAGE].filter(Boolean).join(',');
const port = process.env.PORT || '3000';
process.exitCode = await keepAllRunning(
  [
    { command: 'tsc', args: ['-b', 'tsconfig.json', '--watch', '--preserveWatchOutput'] },
    {
      command: nodeBinary(),
      args: ['--watch', '--watch-preserve-output', 'apps/api/dist/main.js', '--end-with-parent'],
      env: { PORT: port, CORS_ORIGINS: origins },
    },
    {
      command: 'ng',
      args: ['serve', '--port', pagePort],
      cwd: join(root, 'apps', 'web'),
      env: { GATEWAY_PORT: port },
    },
  ].map(endingWithStdin),
);
