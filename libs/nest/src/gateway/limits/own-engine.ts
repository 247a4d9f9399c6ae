import { MAX_MESSAGE_BYTES } from '@upload-streams/protocol';
import type { Server } from 'socket.io';
import { boundedParser } from './bounded-parser.js';
import { UploadWebSocketServer, webSocketServerWith } from './upload-web-socket-server.js';

/** The parts of Socket.IO that are inspected here. Its types do not contain all of them. */
interface Inspected {
  readonly engine: {
    readonly opts: { maxHttpBufferSize?: number; wsEngine?: unknown };
    readonly ws?: unknown;
    init(): void;
  };
  readonly opts: { readonly connectionStateRecovery?: unknown };
  readonly sockets: { listenerCount(event: string): number };
  readonly _nsps: ReadonlyMap<string, unknown>;
  readonly _parser: unknown;
}

/** Nest's own listener for each gateway. */
const CONNECTION_LISTENERS_OF_ONE_GATEWAY = 1;

/**
 * Returns the server that Nest made for the original workflow. Throws an Error that names cause and remedy if the server
 * is shared, or was not made with `ENGINE_OPTIONS`: uploads would fail, or bounds would not hold.
 */
export function requireOwnEngine(server: unknown, { fastPaths }: { readonly fastPaths: boolean }): Server {
  const problem = isSocketIo(server) ? problemOf(server) : NOT_SOCKET_IO;
  if (problem !== undefined) {
    throw new Error(
      `UploadModule: originalWorkflow needs the Socket.IO server at /socket.io for itself, but ${problem}`,
    );
  }
  if (!fastPaths) replaceWebSocketServer(server as Inspected);
  return server as Server;
}

const NOT_SOCKET_IO =
  "the application's WebSocket adapter is not Socket.IO's. Leave originalWorkflow off: uploads of protocol 1 need no adapter";

function problemOf({ engine, opts, sockets, _nsps, _parser }: Inspected): string | undefined {
  if (sockets.listenerCount('connection') > CONNECTION_LISTENERS_OF_ONE_GATEWAY || _nsps.size > 1) {
    return (
      'another gateway of the application uses it too. Give that gateway a path of its own, such as ' +
      "@WebSocketGateway({ path: '/chat' }), or leave originalWorkflow off"
    );
  }
  if (opts.connectionStateRecovery) {
    return (
      "the application's WebSocket adapter switches connectionStateRecovery on, which skips authentication. Switch it " +
      'off for this server, or leave originalWorkflow off'
    );
  }
  const replaced = [
    (engine.opts.maxHttpBufferSize ?? 0) < MAX_MESSAGE_BYTES && 'maxHttpBufferSize',
    !(engine.ws instanceof UploadWebSocketServer) && 'wsEngine',
    _parser !== boundedParser && 'parser',
  ].filter((option) => option !== false);
  if (replaced.length === 0) return undefined;
  return (
    `the application's WebSocket adapter replaces ${replaced.join(', ')}. Let the adapter keep the options that it is ` +
    'given, or leave originalWorkflow off'
  );
}

function isSocketIo(server: unknown): server is Inspected {
  const { engine, sockets } = server as Partial<Inspected>;
  return engine !== undefined && sockets !== undefined;
}

/** Engine.IO makes its WebSocket server again whenever the HTTP server begins to listen, so the option is replaced too. */
function replaceWebSocketServer({ engine }: Inspected): void {
  engine.opts.wsEngine = webSocketServerWith(false);
  engine.init();
}
