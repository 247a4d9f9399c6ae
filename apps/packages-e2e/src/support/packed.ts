import { describe, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

export interface NodeVersion {
  readonly version: string;
  readonly path: string;
}

export type PackageName = 'protocol' | 'client' | 'nest' | 'angular';

/** The folder of this run: the tarballs, the Node versions and the projects. It is removed at the end. */
export const folder = process.env['PACKAGES_E2E_FOLDER']!;

/** The Node versions to run on, the oldest first. The last one is the workspace's own. */
export const nodes = JSON.parse(process.env['PACKAGES_E2E_NODES'] ?? '[]') as readonly NodeVersion[];

export const workspaceNode = nodes.at(-1)!;

/** Whether the default store of the gateway opens: `node:sqlite` is there since 22.13. */
export function hasSqlite({ version }: NodeVersion): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 13);
}

/** A test for each of some Node versions. The table at the end has its results. */
export function itOn(versions: readonly NodeVersion[], what: string, test: (node: NodeVersion) => Promise<void>): void {
  for (const node of versions) it(`${what}, on Node ${node.version}`, () => test(node));
}

const root = fileURLToPath(new URL('../../../../', import.meta.url));

const versionOf = (name: PackageName): string =>
  (JSON.parse(readFileSync(join(root, `libs/${name}/package.json`), 'utf8')) as { version: string }).version;

export const tarball = (name: PackageName): string => join(folder, `upload-streams-${name}-${versionOf(name)}.tgz`);

/** Dependencies of a `package.json` on our packages. */
export const packed = (...names: readonly PackageName[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [`@upload-streams/${name}`, `file:${tarball(name)}`]));

/** A file of the workspace. */
export const workspaceFile = (path: string): Promise<string> => readFile(join(root, path), 'utf8');

/** The code of the README of a package whose first line is a comment with the name of the file. */
export function readmeExample(name: PackageName, file: string): string {
  const readme = readFileSync(join(root, `libs/${name}/README.md`), 'utf8');
  const code = new RegExp(`^\`\`\`\\w+\\n(// ${file.replaceAll('.', '\\.')}\\n.*?)^\`\`\``, 'ms').exec(readme)?.[1];
  if (code === undefined) throw new Error(`libs/${name}/README.md has no example ${file}`);
  return code;
}

/** Tests that install projects. They are skipped if no registry can be reached, or because of `unmet`. */
export function describeProject(name: string, tests: () => void, unmet?: string): void {
  const reason = noRegistry() ?? unmet;
  if (!reason) return describe(name, tests);
  process.stderr.write(`Skipped: ${reason}\n`);
  describe.skip(name, tests);
}

function noRegistry(): string | undefined {
  const error = process.env['PACKAGES_E2E_SKIP'];
  return error ? `packages in fresh projects, which need a package registry (${error})` : undefined;
}

/** What several tests need, made when the first of them asks for it. */
export function prepared<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
