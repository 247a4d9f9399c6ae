import { checkPackage, createPackageFromTarballData, type Package } from '@arethetypeswrong/core';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { satisfies } from 'semver';
import ts from 'typescript';
import { tarball, workspaceFile, type PackageName } from './support/packed.js';

interface SourceMap {
  readonly sources: readonly string[];
  readonly sourcesContent?: readonly (string | null)[];
}

const PACKAGES: readonly PackageName[] = ['protocol', 'client', 'nest', 'angular'];

/**
 * What "Are the types wrong" may say. Our packages are ES modules only: CommonJS loads them with `require(esm)`, which the
 * tool does not know.
 */
const ACCEPTED = ['CJSResolvesToESM'];

describe.each(PACKAGES)('the package %s', (name) => {
  let bytes: Uint8Array;
  let pack: Package;
  let files: readonly string[];
  let root: string;
  let manifest: Record<string, unknown>;

  beforeAll(async () => {
    bytes = await readFile(tarball(name));
    pack = createPackageFromTarballData(bytes);
    root = `/node_modules/@upload-streams/${name}`;
    files = pack.listFiles().map((file) => posix.relative(root, file));
    manifest = JSON.parse(pack.readFile(`${root}/package.json`)) as Record<string, unknown>;
  });

  const read = (file: string) => pack.readFile(posix.join(root, file));
  const ending = (...ends: readonly string[]) => files.filter((file) => ends.some((end) => file.endsWith(end)));

  it('has a licence and a README', async () => {
    expect(read('LICENSE')).toBe(await workspaceFile('LICENSE'));
    expect(read('README.md')).toMatch(new RegExp(`^# @upload-streams/${name}\n`));
  });

  it('tells a registry what it is', async () => {
    const { version, repository, license } = JSON.parse(await workspaceFile('package.json')) as Record<string, object>;
    expect(manifest).toMatchObject({
      version,
      license,
      repository: { ...repository, directory: `libs/${name}` },
      engines: { node: '^20.19.0 || >=22.12.0' },
      type: 'module',
    });
    expect(manifest['description']).toMatch(/.{20}/);
    expect((manifest['keywords'] as readonly string[]).length).toBeGreaterThan(3);
    expect(manifest).toHaveProperty('sideEffects');
  });

  it('depends on nothing that needs a newer Node', async () => {
    const { dependencies = {} } = manifest as { readonly dependencies?: Readonly<Record<string, string>> };
    const wanted = await Promise.all(
      Object.keys(dependencies).map(async (dependency) => [dependency, await nodesOf(dependency, name)] as const),
    );
    expect(wanted.filter(([, range]) => !satisfies('20.19.0', range))).toEqual([]);
  });

  it('has no tests, no build information, and nothing of the machine that built it', () => {
    const unwanted = /\.spec\.|tsbuildinfo|jest|tsconfig|(^|\/)\.|(?<!^(dist|src))\/testing\//;
    expect(files.filter((file) => unwanted.test(file))).toEqual([]);
    const folder = process.cwd().split('/apps/')[0]!;
    expect(ending('.js', '.mjs', '.d.ts', '.map').filter((file) => read(file).includes(folder))).toEqual([]);
  });

  it('has no stale file: each compiled file has its source', () => {
    const compiled = ending('.js').filter((file) => file.startsWith('dist/'));
    const sourceOf = (file: string) => file.replace(/^dist/, 'src').replace(/\.js$/, '.ts');
    expect(compiled.filter((file) => !files.includes(sourceOf(file)))).toEqual([]);
  });

  it('has source maps whose sources are in the package', () => {
    const maps = ending('.map');
    expect(maps.length).toBeGreaterThan(0);
    const lost = maps.flatMap((map) => {
      const { sources, sourcesContent } = JSON.parse(read(map)) as SourceMap;
      const isThere = (source: string) => files.includes(posix.join(posix.dirname(map), source));
      return sources.filter((source, index) => !sourcesContent?.[index] && !isThere(source));
    });
    expect(lost).toEqual([]);
    const named = ending('.js', '.mjs', '.d.ts').flatMap((file) => {
      const map = /^\/\/# sourceMappingURL=(.+)$/m.exec(read(file))?.[1];
      return map ? [posix.join(posix.dirname(file), map)] : [];
    });
    expect(named.filter((map) => !files.includes(map))).toEqual([]);
  });

  it('has no top-level await, which `require` refuses', () => {
    const waits = ending('.js', '.mjs').filter((file) => hasTopLevelAwait(file, read(file)));
    expect(waits).toEqual([]);
  });

  it('is clean for publint', async () => {
    const tarballBuffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
    const { messages, pkg } = await publint({ pack: { tarball: tarballBuffer }, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });

  it('is clean for "Are the types wrong"', async () => {
    const analysis = await checkPackage(pack);
    if (!analysis.types) throw new Error('The package has no types');
    expect(analysis.problems.filter(({ kind }) => !ACCEPTED.includes(kind))).toEqual([]);
  });
});

/** The versions of Node that a dependency names, in the version that the workspace has installed. */
async function nodesOf(dependency: string, user: PackageName): Promise<string> {
  const nested = workspaceFile(`libs/${user}/node_modules/${dependency}/package.json`);
  const text = await nested.catch(() => workspaceFile(`node_modules/${dependency}/package.json`));
  const { engines } = JSON.parse(text) as { readonly engines?: { readonly node?: string } };
  return engines?.node ?? '*';
}

function hasTopLevelAwait(name: string, text: string): boolean {
  const isAwait = (node: ts.Node) =>
    ts.isAwaitExpression(node) || (ts.isForOfStatement(node) && node.awaitModifier !== undefined);
  const waits = (node: ts.Node): boolean =>
    isAwait(node) ||
    (!ts.isFunctionLike(node) && (ts.forEachChild(node, (child) => waits(child) || undefined) ?? false));
  return waits(ts.createSourceFile(name, text, ts.ScriptTarget.Latest));
}
