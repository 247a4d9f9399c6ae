import { MAX_MESSAGE_BYTES } from '@upload-streams/protocol';
import type { ServerOptions } from 'socket.io';
import { boundedParser } from './limits/bounded-parser.js';
import { UploadWebSocketServer } from './limits/upload-web-socket-server.js';

/** How Engine.IO and Socket.IO work for uploads. */
export const ENGINE_OPTIONS: Partial<ServerOptions> = {
  maxHttpBufferSize: MAX_MESSAGE_BYTES,
  // A client that hears nothing for longer than this knows within seconds that its connection is dead. Its own answer
  // may be late: a client of the original workflow sends it behind a chunk of any size.
  pingInterval: 2_500,
  pingTimeout: 20_000,
  // Files are compressed already, or cost more to compress than to send.
  perMessageDeflate: false,
  httpCompression: false,
  wsEngine: UploadWebSocketServer,
  parser: boundedParser,
  serveClient: false,
};
