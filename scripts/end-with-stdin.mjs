// Runs a program that does not watch its parent process, and ends it when stdin ends, because the parent has then ended,
// even if it was killed. Usage: node scripts/end-with-stdin.mjs PROGRAM ARGUMENT...
import { spawn, spawnSync } from 'node:child_process';

const FORCE_AFTER_MS = 15_000;
const onWindows = process.platform === 'win32';
const [program, ...args] = process.argv.slice(2);
const child = spawn(program, args, { stdio: 'inherit', shell: onWindows });

function end(signal) {
  if (onWindows) spawnSync('taskkill', ['/pid', String(child.pid), '/T', '/F']);
  else child.kill(signal);
  setTimeout(() => child.kill('SIGKILL'), FORCE_AFTER_MS).unref();
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => end(signal));
process.stdin.on('error', () => end('SIGTERM'));
process.stdin.on('end', () => end('SIGTERM'));
process.stdin.resume();
// The terminal may be closed as well.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
child.once('error', (error) => {
  console.error(`${program} could not be started: ${error.message}`);
  process.exit(1);
});
child.once('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
