/**
 * Chunks are buffers outside of V8's heap. From Node 22 on V8 answers them with full collections of a heap in which there
 * is nothing to collect, which doubles the CPU that an upload costs (docs/operations.md has figures). A heap that starts
 * larger, a small space for young objects, and buffers counted in the limit of the whole keep it quiet.
 */
const V8_FLAGS = [
  '--external-memory-accounted-in-global-limit',
  '--max-semi-space-size=8',
  '--initial-heap-size=64',
] as const;

/** The flags are V8's own and change with it: these were measured on this version of Node. */
const MEASURED_ON = '24';

/**
 * However the gateway is started, it runs with these flags: V8 takes them at its start only, so the process replaces
 * itself, under the same PID. It stays as it is where that can't be done: on another version of Node, on Windows, and
 * under a parent that has a channel to it (`node --watch`).
 */
export function restartWithFlags(): void {
  const { execve, execArgv, execPath, argv, env, platform, versions } = process;
  const measured = versions.node.split('.')[0] === MEASURED_ON;
  const flagged = V8_FLAGS.every((flag) => execArgv.includes(flag));
  if (!measured || flagged || !execve || platform === 'win32' || process.connected) return;
  execve.call(process, execPath, [execPath, ...V8_FLAGS, ...execArgv, ...argv.slice(1)], env);
}
