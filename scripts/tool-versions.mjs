// Prints what the result of a task depends on besides its files: this machine, this Node, and the programs given as
// arguments, including missing ones. Nx uses the output as an input of the task (nx.json).
import { spawnSync } from 'node:child_process';
import { realpathSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { delimiter, join } from 'node:path';

/** Debian installs servers in /usr/sbin, which may not be in PATH. */
const FOLDERS = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'];
const EXTENSIONS = process.platform === 'win32' ? ['.exe', '.cmd', '.bat'] : [''];

/** For programs that print their version quickly. The others are identified by the path, size and date of the file. */
const VERSION_ARGUMENTS = { 'redis-server': ['--version'], chromium: ['--version'] };

function find(program) {
  for (const folder of FOLDERS.filter(Boolean)) {
    for (const extension of EXTENSIONS) {
      try {
        const path = realpathSync(join(folder, program + extension));
        const { size, mtimeMs } = statSync(path);
        return `${path} ${size} ${Math.trunc(mtimeMs)}`;
      } catch {
        // Not in this folder.
      }
    }
  }
  return undefined;
}

function describe(program) {
  const found = find(program);
  if (!found) return `${program}: not installed`;
  const args = VERSION_ARGUMENTS[program];
  const { stdout } = args ? spawnSync(program, args, { encoding: 'utf8', timeout: 10_000 }) : {};
  return `${program}: ${found} ${stdout ?? ''}`.trim();
}

console.log(`node: ${process.version} ${process.platform}-${process.arch} on ${hostname()}`);
for (const program of process.argv.slice(2)) console.log(describe(program));
