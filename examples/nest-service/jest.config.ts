import type { Config } from 'jest';
import { nodePreset } from '../../jest.preset.ts';

const config: Config = { ...nodePreset, displayName: 'nest-service' };

export default config;
