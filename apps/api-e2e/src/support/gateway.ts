import { GatewayProcess } from '@upload-streams/testing';
import { ENTRY } from './entry.ts';

/** Starts the built API. Its data folder is a new one, unless DATA_DIR is set. */
export const startGateway = (env: Readonly<Record<string, string>> = {}): Promise<GatewayProcess> =>
  GatewayProcess.start({ entry: ENTRY, env });
