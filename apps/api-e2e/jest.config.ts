import type { Config } from 'jest';
import { nodePreset } from '../../jest.preset.ts';

const config: Config = { ...nodePreset, displayName: 'api-e2e' };

export default config;
