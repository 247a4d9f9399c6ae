import { beforeAll, expect, it } from '@jest/globals';
import { FreshProject } from './support/fresh-project.js';
import { NEST_12 } from './support/nest-project.js';
import { describeProject, packed, workspaceNode } from './support/packed.js';

/** Both suites, for a store and a back end that pass them. */
const suites = (framework: string) => `
  import { mkdtemp, rm } from 'node:fs/promises';
  import { tmpdir } from 'node:os';
  import { join } from 'node:path';
  import { DiskStorage, SqliteUploadStore } from '@upload-streams/nest';
  import { describeStorageBackend, describeUploadStore } from '@upload-streams/nest/testing';

  const inFolder = async (open) => {
    const folder = await mkdtemp(join(tmpdir(), 'contract-suites-'));
    let opened = await open(folder);
    const reopen = async () => {
      await opened.close();
      return (opened = await open(folder));
    };
    const close = async () => {
      await opened.close();
      await rm(folder, { recursive: true });
    };
    return { opened, reopen, close };
  };

  describeUploadStore('SQLite', async () => {
    const { opened: store, ...rest } = await inFolder((folder) => SqliteUploadStore.open(join(folder, 'catalogue.db')));
    return { store, ...rest };
  }${framework && `, ${framework}`});

  describeStorageBackend('disk', async () => {
    const { opened: backend, ...rest } = await inFolder((folder) => new DiskStorage(folder, true));
    return { backend, ...rest };
  }${framework && `, undefined, ${framework}`});
`;

const FUNCTIONS = 'afterEach, beforeEach, describe, expect, it';

const FAILING = `
  import { ${FUNCTIONS} } from 'vitest';
  import { describeUploadStore } from '@upload-streams/nest/testing';

  const store = new Proxy({}, { get: () => async () => undefined });
  const create = async () => ({ store, reopen: async () => store, close: async () => undefined });
  describeUploadStore('broken', create, { ${FUNCTIONS} });
`;

describeProject('The contract suites', () => {
  let project: FreshProject;

  beforeAll(async () => {
    const dependencies = { ...NEST_12, ...packed('nest', 'client', 'protocol') };
    const devDependencies = { jest: '30.5.2', vitest: '^5.0.0' };
    project = await FreshProject.create(
      'contract-suites',
      { type: 'module', dependencies, devDependencies },
      {
        'jest/suites.test.js': suites(''),
        'jest.config.js': "export default { transform: {}, roots: ['<rootDir>/jest'] };\n",
        'vitest/suites.test.js': `import { ${FUNCTIONS} } from 'vitest';\n${suites(`{ ${FUNCTIONS} }`)}`,
        'vitest-globals/suites.test.js': suites(''),
        'vitest-broken/suites.test.js': FAILING,
      },
    );
  });

  it('run under Jest', async () => {
    const jest = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '--json'];
    const { numPassedTests } = JSON.parse(await project.node(workspaceNode, jest)) as { numPassedTests: number };
    expect(numPassedTests).toBeGreaterThan(40);
  });

  it.each([
    ['with its functions passed', ['--dir', 'vitest']],
    ['with its functions as globals', ['--dir', 'vitest-globals', '--globals']],
  ])('run under Vitest, %s', async (_, options) => {
    const output = await project.tool('vitest', ['run', ...options]);
    expect(Number(/Tests +(\d+) passed/.exec(output)?.[1])).toBeGreaterThan(40);
  });

  it('fail for a store that does nothing', async () => {
    await expect(project.tool('vitest', ['run', '--testTimeout=500', '--dir', 'vitest-broken'])).rejects.toThrow(
      /Tests +\d+ failed/,
    );
  });

  it('say what is missing where the functions are not global', async () => {
    const options = ['run', '--dir', 'vitest-globals'];
    await expect(project.tool('vitest', options)).rejects.toThrow(/needs describe, it, .* Pass them/);
  });
});
