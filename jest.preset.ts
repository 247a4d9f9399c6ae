import type { Config } from 'jest';

const source = (path: string) => `<rootDir>/../../libs/${path}`;

/** Transformed sources, in the workspace and for it alone; CI transforms everything anew. */
export const transformCache: Config = {
  cacheDirectory: '<rootDir>/../../.nx/jest',
  cache: !process.env['CI'],
};

/** What every Node project shares: ESM through SWC, our libraries from their sources, so that a test never runs a stale build. */
export const nodePreset: Config = {
  ...transformCache,
  testEnvironment: 'node',
  // Tests await events, never a time; this only ends one whose event never comes, also on a machine that is busy.
  testTimeout: 30_000,
  extensionsToTreatAsEsm: ['.ts'],
  roots: ['<rootDir>/src'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2023',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^@upload-streams/protocol$': source('protocol/src/index.ts'),
    '^@upload-streams/client$': source('client/src/index.ts'),
    '^@upload-streams/client/node$': source('client/src/node.ts'),
    '^@upload-streams/nest$': source('nest/src/index.ts'),
    '^@upload-streams/nest/client$': source('nest/src/client/index.ts'),
    '^@upload-streams/nest/http$': source('nest/src/http/index.ts'),
    '^@upload-streams/nest/terminus$': source('nest/src/terminus/index.ts'),
    '^@upload-streams/nest/tus$': source('nest/src/tus/index.ts'),
    '^@upload-streams/nest/metrics$': source('nest/src/metrics/index.ts'),
    '^@upload-streams/nest/options$': source('nest/src/options.ts'),
    '^@upload-streams/nest/testing$': source('nest/src/testing/index.ts'),
    '^@upload-streams/testing$': source('testing/src/index.ts'),
  },
};
