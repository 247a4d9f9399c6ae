// Adds the binaries for other platforms to package-lock.json that a registry mirror did not offer when the lockfile was
// created. npm omits such optional packages, and `npm ci` then refuses the lockfile. Run this after `npm install`:
//   node scripts/complete-lockfile.mjs
import { readFileSync, writeFileSync } from 'node:fs';

const path = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(path, 'utf8'));

/** The words in package names that stand for `os` and `cpu` of a manifest. */
const OS = ['android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'aix', 'win32'];
const CPU = {
  arm64: 'arm64',
  arm: 'arm',
  armv7: 'arm',
  x64: 'x64',
  ia32: 'ia32',
  x32: 'ia32',
  ppc64: 'ppc64',
  ppc64le: 'ppc64',
  s390x: 's390x',
  riscv64: 'riscv64',
  loong64: 'loong64',
  wasm32: 'wasm32',
  mips64el: 'mips64el',
};

/** Whether the lockfile has the package that `from` resolves `name` to: its own or the shared one. */
const isLocked = (from, name) =>
  Boolean(lock.packages[`${from}/node_modules/${name}`] ?? lock.packages[`node_modules/${name}`]);

function platformOf(name) {
  const words = name
    .toLowerCase()
    .replace('windows', 'win32')
    .split(/[^a-z0-9]+/);
  const os = OS.filter((candidate) => words.includes(candidate));
  const cpu = words.map((word) => CPU[word]).filter(Boolean);
  const libc = words.flatMap((word) => (word.startsWith('musl') ? ['musl'] : word.startsWith('gnu') ? ['glibc'] : []));
  return { ...(os.length && { os }), ...(cpu.length && { cpu }), ...(os[0] === 'linux' && libc.length && { libc }) };
}

const added = [];
for (const [from, { optionalDependencies = {}, dev }] of Object.entries(lock.packages)) {
  for (const [name, range] of Object.entries(optionalDependencies)) {
    if (isLocked(from, name)) continue;
    const platform = platformOf(name);
    if (!platform.os && !platform.cpu) continue;
    const version = range.replace(/^[^\d]*/, '');
    lock.packages[`node_modules/${name}`] = { version, ...platform, ...(dev && { dev }), optional: true };
    added.push(`${name}@${version}`);
  }
}

lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en')));
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
console.log(added.length ? `added ${added.length}:\n${added.join('\n')}` : 'nothing is missing');
