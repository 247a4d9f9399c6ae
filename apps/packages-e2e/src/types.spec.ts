import { beforeAll, expect, it } from '@jest/globals';
import { FreshProject } from './support/fresh-project.js';
import { NEST_12 } from './support/nest-project.js';
import { describeProject, packed } from './support/packed.js';

/** Uses a name of each entry; those for S3 and Redis are compiled with `nest-redis-s3`. A type that is not found is an error. */
const USES = `
import { UploadError } from '@upload-streams/protocol';
import { createBrowserUploadClient, type UploadState } from '@upload-streams/client';
import { createNodeUploadClient } from '@upload-streams/client/node';
import { UploadModule, type UploadStore } from '@upload-streams/nest';
import { UploadClientModule } from '@upload-streams/nest/client';
import { UploadHttpModule } from '@upload-streams/nest/http';
import { uploadOptionsSchema } from '@upload-streams/nest/options';
import { describeUploadStore } from '@upload-streams/nest/testing';
import { UploadTusModule } from '@upload-streams/nest/tus';

export const client: { close(): void } = createNodeUploadClient({ url: 'http://localhost:3000' });
export const statusOf = ({ status }: UploadState): string => status;
export const tests = (store: UploadStore): void =>
  describeUploadStore('mine', async () => ({ store, reopen: async () => store, close: async () => undefined }));
export const sha256: boolean = uploadOptionsSchema.parse({}).sha256;
export const all = [UploadError, createBrowserUploadClient, UploadModule, UploadClientModule, UploadHttpModule, UploadTusModule];
// @ts-expect-error a wrong type is found: types are not "any"
export const wrong: number = createNodeUploadClient({ url: 'http://localhost:3000' });
`;

const STRICT = [
  '--noEmit',
  '--strict',
  '--experimentalDecorators',
  '--types',
  'node',
  '--target',
  'es2023',
  '--skipLibCheck',
];

const MODES = [
  { mode: 'nodenext', file: 'use.ts', options: ['--module', 'nodenext'] },
  { mode: 'nodenext in CommonJS', file: 'use.cts', options: ['--module', 'nodenext'] },
  { mode: 'node16', file: 'use.ts', options: ['--module', 'node16'] },
  { mode: 'bundler', file: 'use.ts', options: ['--module', 'esnext', '--moduleResolution', 'bundler'] },
  {
    mode: 'node10',
    file: 'use.ts',
    options: ['--module', 'commonjs', '--moduleResolution', 'node10', '--ignoreDeprecations', '6.0'],
  },
];

describeProject('Types', () => {
  let project: FreshProject;

  beforeAll(async () => {
    project = await FreshProject.create(
      'types',
      {
        type: 'module',
        dependencies: { ...NEST_12, ...packed('nest', 'client', 'protocol') },
        devDependencies: { typescript: '~6.0.3', '@types/node': '^24.0.0' },
      },
      { 'use.ts': USES, 'use.cts': USES, 'page.ts': "export * from '@upload-streams/client';\n" },
    );
  });

  it.each(MODES)('are found with $mode', async ({ file, options }) => {
    expect(await project.tool('tsc', [...STRICT, ...options, file])).toBe('');
  });

  it('of the client need no types of Node in a page, and are valid', async () => {
    const lib = ['es2023', 'dom', 'dom.iterable'];
    const options = { noEmit: true, strict: true, module: 'esnext', moduleResolution: 'bundler', lib, types: [] };
    await project.write({ 'page.json': JSON.stringify({ compilerOptions: options, files: ['page.ts'] }) });
    expect(await project.tool('tsc', ['-p', 'page.json'])).toBe('');
  });
});
