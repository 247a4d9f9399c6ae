/**
 * The space for young objects may grow to three times this many MiB. By default it is 16, and 200 uploads at once fill it
 * with nothing but messages that are long done: it saves about 40 MiB and costs no time (docs/operations.md).
 */
const V8_FLAGS = ['--max-semi-space-size=8'] as const;

/**
 * However the gateway is started, it runs with these flags: V8 takes them at its start only, so the process replaces
 * itself, under the same PID. It stays as it is where that can't be done: on older versions of Node, on Windows, and under
 * a parent that has a channel to it (`node --watch`); and where whoever started it has set the same flag.
 */
export function restartWithFlags(): void {
  const { execve, execArgv, execPath, argv, env, platform } = process;
  const missing = V8_FLAGS.filter((flag) => !isSet(flag, execArgv));
  if (missing.length === 0 || !execve || platform === 'win32' || process.connected) return;
  execve.call(process, execPath, [execPath, ...missing, ...execArgv, ...argv.slice(1)], env);
}

const isSet = (flag: string, given: readonly string[]): boolean =>
  given.some((other) => other.split('=')[0] === flag.split('=')[0]);
