export { FaultProxy, type FaultPlan, type FaultProxyTarget } from './fault-proxy.js';
export { FaultConnection, type CutKind, type Direction, type LinkShapes } from './fault-proxy-connection.js';
export type { LinkShape } from './fault-proxy-pipe.js';
export { uploadAsOriginalClient, type OriginalUploadOptions } from './original-client.js';
export { NginxServer } from './nginx-server.js';
export { RedisServer } from './redis-server.js';
export { ServerProcess, type ServerProcessOptions } from './server-process.js';
export { freePort, isInstalled, ServiceProcess } from './service-process.js';
export { SwiftServer } from './swift-server.js';
