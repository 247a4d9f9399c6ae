import type { Config } from 'jest';
import { nodePreset } from '../../jest.preset.ts';

const config: Config = { ...nodePreset, displayName: 'testing' };

export default config;
