import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

interface TestReport {
  readResults(output: string): { passed: number; failed: number; skipped: number; reasons: string[] };
  reportLines(results: ReturnType<TestReport['readResults']>): string[];
}

describe('the result of a task', () => {
  const versions = (path: string) =>
    execFileSync(process.execPath, [join(ROOT, 'scripts/tool-versions.mjs'), 'redis-server'], {
      encoding: 'utf8',
      env: { PATH: path },
    });
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'upload-streams-tools-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('depends on this Node and on the program it runs, also on a missing one', async () => {
    const program = join(folder, 'redis-server');
    const install = async (version: string) => {
      await writeFile(program, `#!/bin/sh\necho ${version}\n`);
      await chmod(program, 0o755);
      return versions(folder);
    };
    const [one, two] = [await install('v=7'), await install('v=8')];
    expect(one).toContain('v=7');
    expect(two).toContain('v=8');
    expect(one).toContain(`node: ${process.version}`);
  });

  it('is kept in the workspace, and depends on what the task runs', () => {
    const nx = readJson('nx.json') as NxConfig;
    expect(nx.cacheDirectory).toMatch(/^\.nx\//);
    expect(nx.namedInputs['workspace']).toContain('node');
    for (const name of ['default', 'production'])
      expect(nx.namedInputs[name]).toContainEqual(expect.stringMatching(/^(workspace|default)$/));
    expect(nx.targetDefaults['e2e']).toEqual({ cache: false });
    const { targets } = readJson('libs/nest/project.json') as { targets: { test: { inputs: string[] } } };
    expect(targets.test.inputs).toContain('stores');
  });
});

interface NxConfig {
  readonly cacheDirectory: string;
  readonly namedInputs: Readonly<Record<string, unknown[]>>;
  readonly targetDefaults: Readonly<Record<string, object>>;
}

const readJson = (path: string): unknown => JSON.parse(readFileSync(join(ROOT, path), 'utf8'));

describe('the end of npm test', () => {
  const output = [
    'Skipped: what needs Redis (apt-get install redis-server).',
    'Tests:       2 skipped, 40 passed, 42 total',
    '\u001b[33mSkipped: a full disk (run as root on Linux).\u001b[39m',
    'Skipped: what needs Redis (apt-get install redis-server).',
    'Tests:       1 failed, 3 skipped, 5 passed, 9 total',
    '  12 passed (8.1s)',
  ];
  let report: TestReport;

  beforeEach(async () => {
    report = (await import(join(ROOT, 'scripts/test-report.mjs'))) as TestReport;
  });

  it('lists each skipped suite once, with how to run it, before the line that CI reads', () => {
    expect(report.reportLines(report.readResults(output.join('\n')))).toEqual([
      'Skipped: what needs Redis (apt-get install redis-server).',
      'Skipped: a full disk (run as root on Linux).',
      '57 passed, 1 failed, 5 skipped',
    ]);
  });

  it('does not hide tests that are skipped without a reason', () => {
    const [line] = report.reportLines(report.readResults('Tests:       2 skipped, 40 passed, 42 total'));
    expect(line).toMatch(/^Skipped: tests that do not say why/);
  });
});
