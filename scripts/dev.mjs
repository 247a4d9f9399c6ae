// npm run dev: the page on port 4200 with live reload, the gateway on PORT (3000) restarted when its sources change.
import { ensureInstalled, fail, keepRunning, nodeBinary, run, say } from './workspace.mjs';

const PAGE = 'http://localhost:4200';

ensureInstalled();
say('Building the gateway once');
const { code } = await run('nx', ['run', 'api:build', '--output-style=static']);
if (code !== 0) fail('The build failed; its messages above say why.');

say(`The page will be on ${PAGE}. Stop with Ctrl+C`);
const origins = [process.env.CORS_ORIGINS, PAGE].filter(Boolean).join(',');
await Promise.race([
  keepRunning('tsc', ['-b', 'tsconfig.json', '--watch', '--preserveWatchOutput']),
  keepRunning(nodeBinary(), ['--watch', '--watch-preserve-output', 'apps/api/dist/main.js'], { CORS_ORIGINS: origins }),
  keepRunning('nx', ['run', 'web:serve', '--output-style=stream'], {
    PORT: '4200',
    GATEWAY_PORT: process.env.PORT || '3000',
  }),
]);
process.kill(process.pid, 'SIGTERM');
