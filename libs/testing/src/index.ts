export { FaultProxy, type FaultPlan, type FaultProxyTarget } from './fault-proxy.js';
export { FaultConnection, type CutKind, type Direction, type LinkShapes } from './fault-proxy-connection.js';
export type { LinkShape } from './fault-proxy-pipe.js';
export { uploadAsOriginalClient, type OriginalUploadOptions } from './original-client.js';
export { ServerProcess, type ServerProcessOptions } from './server-process.js';
