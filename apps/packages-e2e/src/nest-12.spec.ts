import { expect } from '@jest/globals';
import { uploadFromProject } from './support/client-run.js';
import { FreshProject } from './support/fresh-project.js';
import { NEST_12, NEST_TSCONFIG, nestClientFiles } from './support/nest-project.js';
import { describeProject, itOn, hasSqlite, nodes, packed, prepared, readmeExample } from './support/packed.js';
import { uploadToHost } from './support/started-host.js';

const main = readmeExample('nest', 'main.ts');
const { 'reports.ts': reports, 'main.ts': archive } = nestClientFiles('./reports.js');

/** One application with every role: on Express, on Fastify, and a client. */
const project = prepared(async () => {
  const created = await FreshProject.create(
    'nest-12',
    {
      type: 'module',
      dependencies: { ...NEST_12, ...packed('nest', 'client', 'protocol') },
      devDependencies: { typescript: '~6.0.3', '@types/node': '^24.0.0' },
    },
    {
      'tsconfig.json': NEST_TSCONFIG,
      'express.ts': main,
      'fastify.ts':
        "import { FastifyAdapter } from '@nestjs/platform-fastify';\n" +
        main.replace('create(AppModule)', 'create(AppModule, new FastifyAdapter())'),
      'reports.ts': reports!,
      'archive.ts': archive!,
    },
  );
  await created.tool('tsc', ['-p', '.']);
  return created;
});

for (const platform of ['Express', 'Fastify']) {
  const entry = `dist/${platform.toLowerCase()}.js`;

  describeProject(`Nest 12, ES module, ${platform}: gateway`, () => {
    itOn(nodes.filter(hasSqlite), 'stores an upload', async (node) => {
      const { sent, reported, stored } = await uploadToHost(await project(), node, entry);
      expect(reported).toBe(sent);
      expect(stored).toBe(sent);
    });

    itOn(
      nodes.filter((node) => !hasSqlite(node)),
      'refuses to start without SQLite',
      async (node) =>
        expect(uploadToHost(await project(), node, entry)).rejects.toThrow(
          /The catalogue in SQLite needs Node 22\.13 or newer; this is v20.*Redis/s,
        ),
    );
  });
}

describeProject('Nest 12, ES module: client', () => {
  itOn(nodes, 'uploads a file', async (node) => {
    const { sent, stored } = await uploadFromProject(await project(), node, ['dist/archive.js']);
    expect(stored).toEqual([sent]);
  });
});
