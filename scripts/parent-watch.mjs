// npm does not always end its scripts when it ends, so the scripts watch their parent process themselves.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const EVERY_MS = 500;
const parent = process.ppid;
/** The process of npm. It starts a script through a shell, which may outlive npm. */
const npm = grandparentBehindShell();

/** Calls back once, when the process that started this one has ended. */
export function whenParentEnds(callback) {
  const timer = setInterval(() => {
    if (process.ppid === parent && runs(parent) && (npm === undefined || runs(npm))) return;
    clearInterval(timer);
    callback();
  }, EVERY_MS);
  timer.unref();
}

function runs(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function grandparentBehindShell() {
  if (!process.env.npm_lifecycle_event || process.platform === 'win32') return undefined;
  const { args, ppid } = describe(parent);
  return /^(\S*\/)?(ba|da|k|z|a)?sh\s.*-c/.test(args) ? ppid : undefined;
}

function describe(pid) {
  try {
    const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return { args, ppid: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) };
  } catch {
    const { stdout } = spawnSync('ps', ['-o', 'ppid=,args=', '-p', String(pid)], { encoding: 'utf8' });
    const [, ppid, args] = /^\s*(\d+)\s+(.*)/.exec(stdout ?? '') ?? [];
    return { args: args ?? '', ppid: ppid === undefined ? undefined : Number(ppid) };
  }
}
