import { readFile } from 'node:fs/promises';
import { arch, cpus, platform, release, totalmem } from 'node:os';

const PACKAGES = ['@tus/server', '@tus/file-store', 'tus-js-client', 'ws', 'bufferutil', 'socket.io'];

/** The date, the machine and the versions of a run. */
export async function machineFacts(): Promise<Record<string, string>> {
  const versions = await Promise.all(PACKAGES.map(async (name) => `${name} ${await versionOf(name)}`));
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} cores (${cpus()[0]?.model ?? arch()}), ${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${platform()} ${release()}`,
    node: process.version,
    versions: versions.join(', '),
  };
}

/** Packages are hoisted to the root of the workspace, or stay in this folder if versions differ. */
async function versionOf(name: string): Promise<string> {
  for (const folder of ['../../node_modules/', '../../../node_modules/']) {
    const path = new URL(`${folder}${name}/package.json`, import.meta.url);
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text !== undefined) return (JSON.parse(text) as { version: string }).version;
  }
  return 'not installed';
}
