import type { Config } from 'jest';
import presets from 'jest-preset-angular/presets/index.js';
import { nodePreset, transformCache } from '../../jest.preset.ts';

const angularPreset = presets.createEsmPreset({
  tsconfig: '<rootDir>/tsconfig.spec.json',
  testEnvironment: 'jest-preset-angular/environments/jest-jsdom-env',
});

const config: Config = {
  ...(angularPreset as Config),
  ...transformCache,
  displayName: 'angular',
  roots: ['<rootDir>/src'],
  setupFilesAfterEnv: ['<rootDir>/src/test-setup.ts'],
  moduleNameMapper: { ...angularPreset.moduleNameMapper, ...nodePreset.moduleNameMapper },
};

export default config;
