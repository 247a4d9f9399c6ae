import type { Config } from 'jest';
import { nodePreset } from '../../jest.preset.ts';

/** Two projects are installed and built at a time. */
const config: Config = {
  ...nodePreset,
  displayName: 'packages-e2e',
  maxWorkers: 2,
  // An installation takes as long as the registry does.
  testTimeout: 240_000,
  globalSetup: '<rootDir>/src/support/global-setup.mjs',
  globalTeardown: '<rootDir>/src/support/global-teardown.mjs',
  reporters: ['default', '<rootDir>/src/support/table-reporter.mjs'],
};

export default config;
