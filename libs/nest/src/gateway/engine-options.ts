import { MAX_MESSAGE_BYTES } from '@upload-streams/protocol';
import type { ServerOptions } from 'socket.io';
import { boundedParser } from './limits/bounded-parser.js';
import { UploadWebSocketServer } from './limits/upload-web-socket-server.js';

/** How Engine.IO and Socket.IO work for uploads. */
export const ENGINE_OPTIONS: Partial<ServerOptions> = {
  maxHttpBufferSize: MAX_MESSAGE_BYTES,
  // Frequent pings let a client notice a dead connection within seconds. The timeout is long, because a pong may wait
  // behind a large chunk.
  pingInterval: 2_500,
  pingTimeout: 20_000,
  // Files are compressed already, or cost more to compress than to send.
  perMessageDeflate: false,
  httpCompression: false,
  wsEngine: UploadWebSocketServer,
  parser: boundedParser,
  serveClient: false,
};
