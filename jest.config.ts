import type { Config } from 'jest';

/** Every Jest project at once: `node --experimental-vm-modules node_modules/jest/bin/jest.js`; `nx test <project>` runs one. */
const config: Config = {
  projects: [
    '<rootDir>/libs/protocol',
    '<rootDir>/libs/client',
    '<rootDir>/libs/nest',
    '<rootDir>/libs/angular',
    '<rootDir>/libs/testing',
    '<rootDir>/apps/api',
    '<rootDir>/apps/api-e2e',
    '<rootDir>/examples/nest-service',
  ],
};

export default config;
