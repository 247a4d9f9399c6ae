// Packs the packages as they would be published, and installs the versions of Node that the projects run on.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { npmEnvironment } from './npm-environment.mjs';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../../', import.meta.url));

/** What is published, and where its `package.json` is. Angular's packager writes one next to what it has built. */
const PACKAGES = {
  protocol: 'libs/protocol',
  client: 'libs/client',
  nest: 'libs/nest',
  angular: 'libs/angular/dist',
};

/** The oldest versions that `engines` and the default store allow. The workspace's own Node is the third. */
const OLDER_NODES = ['20.19.0', '22.13.0'];

/** npm's codes for a registry that can't be reached. */
const UNREACHABLE = /ENOTFOUND|ECONNREFUSED|ECONNRESET|EAI_AGAIN|ETIMEDOUT|ENETUNREACH|ENOTCACHED/;

export default async function setUp() {
  const folder = await mkdtemp(join(tmpdir(), 'upload-streams-packages-'));
  process.env.PACKAGES_E2E_FOLDER = folder;
  try {
    for (const path of Object.values(PACKAGES))
      await npm(root + path, 'pack', '--silent', '--pack-destination', folder);
    await findNodes(folder);
  } catch (error) {
    await rm(folder, { recursive: true });
    throw error;
  }
}

/** Without a registry, nothing outside of the workspace can be installed, and `PACKAGES_E2E_SKIP` says why. */
async function findNodes(folder) {
  const nodes = [];
  process.env.PACKAGES_E2E_SKIP = '';
  for (const version of OLDER_NODES) {
    try {
      nodes.push({ version, path: await installNode(folder, version) });
    } catch (error) {
      const [line] = String(error.stderr ?? error).split('\n');
      if (UNREACHABLE.test(String(error.stderr))) process.env.PACKAGES_E2E_SKIP = line;
      else process.stderr.write(`Skipped: packages on Node ${version}, which could not be installed (${line})\n`);
    }
    if (process.env.PACKAGES_E2E_SKIP) break;
  }
  nodes.push({ version: process.versions.node, path: process.execPath });
  process.env.PACKAGES_E2E_NODES = JSON.stringify(nodes);
}

const FEW_RETRIES = ['--fetch-retries=1', '--fetch-retry-mintimeout=1000'];

async function installNode(folder, version) {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const name = `node-${platform}-${process.arch}`;
  const path = join(folder, `node-${version}`);
  await mkdir(path);
  await writeFile(join(path, 'package.json'), '{}');
  await npm(path, 'install', `${name}@${version}`, '--no-save', '--loglevel=error', '--prefer-offline', ...FEW_RETRIES);
  return join(path, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

const npm = (cwd, ...args) =>
  run('npm', args, { cwd, env: npmEnvironment(), shell: process.platform === 'win32', maxBuffer: 1 << 26 });
