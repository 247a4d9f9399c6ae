// npm run dev: the page on port 4200 with live reload, the gateway on PORT (3000) restarted when its sources change.
import { join } from 'node:path';
import { ensureInstalled, fail, keepRunning, nodeBinary, root, run, say } from './workspace.mjs';

const PAGE = 'http://localhost:4200';

ensureInstalled();
say('Building the gateway once');
const { code } = await run('nx', ['run', 'api:build', '--output-style=static']);
if (code !== 0) fail('The build failed; its messages above say why.');

say(`The page will be on ${PAGE}. Stop with Ctrl+C`);
const origins = [process.env.CORS_ORIGINS, PAGE].filter(Boolean).join(',');
const port = process.env.PORT || '3000';
await Promise.race([
  keepRunning('tsc', ['-b', 'tsconfig.json', '--watch', '--preserveWatchOutput']),
  keepRunning(nodeBinary(), ['--watch', '--watch-preserve-output', 'apps/api/dist/main.js'], {
    env: { PORT: port, CORS_ORIGINS: origins },
  }),
  keepRunning('ng', ['serve'], { cwd: join(root, 'apps', 'web'), env: { PORT: '4200', GATEWAY_PORT: port } }),
]);
process.kill(process.pid, 'SIGTERM');
