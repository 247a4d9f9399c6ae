import { beforeAll, expect, it } from '@jest/globals';
import { FreshProject } from './support/fresh-project.js';
import { describeProject, hasSqlite, nodes, packed, readmeExample } from './support/packed.js';
import { uploadToHost } from './support/started-host.js';
import { NEST_12, NEST_TSCONFIG } from './support/nest-project.js';

describeProject('Nest 12, ES module, Express: gateway', () => {
  let project: FreshProject;

  beforeAll(async () => {
    const dependencies = { ...NEST_12, '@nestjs/platform-express': '^12.0.0', ...packed('nest', 'client', 'protocol') };
    const devDependencies = { typescript: '~6.0.3', '@types/node': '^24.0.0' };
    project = await FreshProject.create(
      'nest-12-express',
      { type: 'module', dependencies, devDependencies },
      { 'main.ts': readmeExample('nest', 'main.ts'), 'tsconfig.json': NEST_TSCONFIG },
    );
    await project.tool('tsc', ['-p', '.']);
  });

  it.each(nodes.filter(hasSqlite))('stores an upload, on Node $version', async (node) => {
    const { sent, reported, stored } = await uploadToHost(project, node, 'dist/main.js');
    expect(reported).toBe(sent);
    expect(await stored()).toBe(sent);
  });

  it.each(nodes.filter((node) => !hasSqlite(node)))(
    'refuses to start without SQLite, on Node $version',
    async (node) => {
      await expect(uploadToHost(project, node, 'dist/main.js')).rejects.toThrow(
        /The catalogue in SQLite needs Node 22\.13 or newer; this is v20.*Redis/s,
      );
    },
  );
});
