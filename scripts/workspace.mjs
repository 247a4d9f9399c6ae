// Functions shared by the other scripts. Runs on Node 20 before anything is installed.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { whenParentEnds } from './parent-watch.mjs';

export const root = fileURLToPath(new URL('..', import.meta.url)).replace(/[/\\]$/, '');

/** Required by `node:sqlite` in the gateway and by Angular's build. */
const OLDEST_NODE = [22, 22];

export const say = (text) => console.log(`\n» ${text}`);

export function fail(sentence) {
  console.error(`\n${sentence}\n`);
  process.exit(1);
}

/** The environment with the workspace's own tools and Node first in PATH. */
export function toolEnvironment(extra = {}) {
  return { ...process.env, PATH: [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter), ...extra };
}

/** Installs the dependencies if they are missing or the lockfile has changed. */
export function ensureInstalled() {
  const installed = join(root, 'node_modules', '.package-lock.json');
  const lock = join(root, 'package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  say('Installing the packages of package-lock.json (npm ci); this takes about a minute, once');
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (npm.status !== 0) fail('npm ci failed; its messages above say why.');
}

/** The Node for the gateway and the tests: the workspace's own, or the running one if that is new enough. */
export function nodeBinary() {
  const own = join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'node.cmd' : 'node');
  if (existsSync(own)) return own;
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return process.execPath;
  return fail(
    `There is no packaged Node for ${process.platform}-${process.arch}; please install Node ${OLDEST_NODE.join('.')} or newer.`,
  );
}

/** Runs a tool of the workspace. Resolves with its exit code and, with `capture`, its output. */
export function run(command, args, { env = {}, capture = false } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      env: toolEnvironment(env),
      stdio: ['ignore', capture ? 'pipe' : 'inherit', capture ? 'pipe' : 'inherit'],
      shell: process.platform === 'win32',
    });
    let output = '';
    const pass = (stream, to) =>
      stream?.on('data', (data) => {
        output += data;
        to.write(data);
      });
    pass(child.stdout, process.stdout);
    pass(child.stderr, process.stderr);
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** Builds what has changed in these projects. Ends the script if the build fails. */
export async function build(...projects) {
  const { code } = await run('nx', ['run-many', '-t', 'build', '-p', ...projects, '--output-style=static']);
  if (code !== 0) fail('The build failed; its messages above say why.');
}

/**
 * Runs programs until one of them ends, this script gets a signal, or its parent process ends; then ends all of them. The
 * stdin of each program is a pipe from this script. Each program ends when its stdin ends, so none outlives a killed script.
 */
export async function keepAllRunning(programs) {
  const children = programs.map(({ command, args, env = {}, cwd = root }) =>
    spawn(command, args, {
      cwd,
      env: toolEnvironment(env),
      stdio: ['pipe', 'inherit', 'inherit'],
      shell: process.platform === 'win32',
    }),
  );
  const stop = (signal) => {
    for (const child of children) {
      // Windows has no signals, so the end of stdin has to suffice.
      if (process.platform === 'win32') child.stdin.end();
      else child.kill(signal);
    }
  };
  for (const child of children) child.stdin.on('error', () => undefined);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop(signal));
  whenParentEnds(() => stop('SIGTERM'));
  const ends = children.map(
    (child) =>
      new Promise((resolve) => {
        child.once('exit', (code, signal) => resolve(code ?? (signal ? 1 : 0)));
        child.once('error', () => resolve(1));
      }),
  );
  const code = await Promise.race(ends);
  stop('SIGTERM');
  await Promise.all(ends);
  return code;
}

/** For a program that does not end by itself when its stdin ends. */
export const endingWithStdin = ({ command, args, ...rest }) => ({
  command: process.execPath,
  args: [join(root, 'scripts', 'end-with-stdin.mjs'), command, ...args],
  ...rest,
});

/** The same as `keepAllRunning`, for one program that does not end by itself when its stdin ends. */
export const keepRunning = (command, args, options = {}) =>
  keepAllRunning([endingWithStdin({ command, args, ...options })]);
