import { Inject, Logger } from '@nestjs/common';
import {
  WebSocketGateway,
  WebSocketServer,
  type OnGatewayConnection,
  type OnGatewayDisconnect,
  type OnGatewayInit,
} from '@nestjs/websockets';
import {
  accept,
  BEGIN_UPLOAD,
  beginUploadSchema,
  CANCEL_UPLOAD,
  cancelUploadSchema,
  MAX_INLINE_BYTES,
  MAX_MESSAGE_BYTES,
  parsePayload,
  refuse,
  SERVER_DRAINING,
  SESSION_ID_PATTERN,
  UploadError,
  uploadChunkSchema,
} from '@upload-streams/protocol';
import type { Server, Socket } from 'socket.io';
import { UPLOAD_AUTHENTICATOR, type Authenticator } from '../contracts/authenticator.js';
import { toUploadError } from '../errors/host-error.js';
import { SessionService } from '../session/session.service.js';
import { UPLOAD_OPTIONS, type ResolvedUploadOptions } from '../upload-options.js';
import { boundedParser } from './limits/bounded-parser.js';
import { guardConnections, holding } from './limits/connection-guard.js';
import { UploadWebSocketServer } from './limits/upload-web-socket-server.js';
import { checkOrigins } from './origin-check.js';
import { OriginalWorkflow } from './original-workflow.js';
import { SocketConnection } from './socket-connection.js';
import { toIncomingEvent, UPLOAD_CHUNK, type IncomingEvent } from './incoming-event.js';

/** What holds the sessions of a socket, for each protocol. */
interface Door {
  readonly connection: SocketConnection;
  readonly original: OriginalWorkflow;
}

/** Returns the ack. */
type Handler = (event: IncomingEvent, door: Door) => Promise<object>;

/**
 * The Socket.IO door: translates the events of docs/protocol.md into calls of `SessionService`, and its answers into acks.
 * It decides nothing. Events reach it directly from Socket.IO, in the order of the wire, so guards, interceptors, pipes
 * and filters of Nest do not apply to them; use an `Authenticator` and an `UploadPolicy` instead.
 */
@WebSocketGateway({
  serveClient: false,
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
})
export class UploadGateway implements OnGatewayInit, OnGatewayConnection, OnGatewayDisconnect {
  private readonly logger = new Logger(UploadGateway.name);

  /** Protocol 1: which event calls what. */
  private readonly handlers: ReadonlyMap<string, Handler> = new Map<string, Handler>([
    [BEGIN_UPLOAD, ({ payload }, { connection }) => this.begin(connection, payload)],
    [UPLOAD_CHUNK, ({ payload, sessionID }, { connection }) => this.receive(connection, sessionID, payload)],
    [CANCEL_UPLOAD, ({ payload }, { connection }) => this.cancel(connection, payload)],
  ]);

  /** The same for clients of the original workflow. */
  private readonly originalHandlers: ReadonlyMap<string, Handler> = new Map<string, Handler>([
    [BEGIN_UPLOAD, ({ payload }, { original }) => original.begin(payload)],
    [UPLOAD_CHUNK, ({ payload, sessionID }, { original }) => original.receive(sessionID, payload)],
  ]);

  /** Undefined in an application that never listens. */
  @WebSocketServer()
  private readonly server?: Server;

  constructor(
    @Inject(UPLOAD_OPTIONS) private readonly options: ResolvedUploadOptions,
    @Inject(UPLOAD_AUTHENTICATOR) private readonly authenticator: Authenticator,
    private readonly sessions: SessionService,
  ) {}

  afterInit(server: Server): void {
    checkOrigins(server, this.options.allowedOrigins);
    guardConnections(server, this.options);
    server.use((socket, next) => {
      this.identify(socket)
        .then(() => next(), next)
        .catch(this.report);
    });
  }

  handleConnection(socket: Socket): void {
    // Chunk events have the session in their names, so no single listener can be registered for them. Socket.IO calls the
    // listener with whatever the client sent: a throw would end the process.
    socket.onAny((name: unknown, ...args: unknown[]) => {
      this.dispatch(socket, name, args).catch(this.report);
    });
  }

  /** Each handler reaches its session before the next event is read, so the order of the wire is the order in the session. */
  private async dispatch(socket: Socket, name: unknown, args: readonly unknown[]): Promise<void> {
    const door = doorOf(socket);
    const event = toIncomingEvent(name, args);
    const workflow = door.original.speaks(event) ? this.originalHandlers : this.handlers;
    const handler = workflow.get(event.kind) ?? (isHeardByOthers(socket, event) ? undefined : unknownEvent);
    if (!handler) return;
    try {
      event.acknowledge(await holding(socket, event.bytes, () => handler(event, door)));
    } catch (thrown) {
      const error = toUploadError(thrown);
      if (workflow === this.handlers || !door.original.refuse(event, error)) event.acknowledge(refuse(error));
      // A client that ignores the window would go on filling the memory.
      if (error.code === 'WINDOW_EXCEEDED') door.connection.disconnect();
    }
  }

  private async begin(connection: SocketConnection, payload: unknown): Promise<object> {
    const { chunk, crc32, last = false, fileCrc32, protocol: _, ...facts } = parsePayload(beginUploadSchema, payload);
    if (chunk && chunk.length > MAX_INLINE_BYTES) {
      throw new UploadError('CHUNK_TOO_LARGE', { maxChunkSize: MAX_INLINE_BYTES });
    }
    const wanted = { ...facts, resumable: true, lastModified: facts.lastModified ?? undefined };
    const first = chunk && crc32 !== undefined ? { offset: 0, chunk, crc32, last, fileCrc32 } : undefined;
    return accept(await this.sessions.begin(connection, wanted, first));
  }

  private async receive(connection: SocketConnection, sessionID: string, payload: unknown): Promise<object> {
    if (!SESSION_ID_PATTERN.test(sessionID)) throw new UploadError('SESSION_ID_INVALID');
    const chunk = parsePayload(uploadChunkSchema, payload, 'INVALID_CHUNK');
    return accept(await this.sessions.receive(connection, sessionID, chunk));
  }

  private async cancel({ owner }: SocketConnection, payload: unknown): Promise<object> {
    const { sessionID } = parsePayload(cancelUploadSchema, payload);
    await this.sessions.cancel(owner, sessionID);
    return accept({});
  }

  async handleDisconnect(socket: Socket): Promise<void> {
    const { connection, original } = doorOf(socket);
    const released = [connection, original].map((held) => this.sessions.release(held).catch(this.report));
    await Promise.all(released);
  }

  /** Tells clients to come back later, to another node if there is one. */
  announceShutdown(): void {
    this.server?.local.emit(SERVER_DRAINING, { reconnectInMs: this.options.reconnectInMs });
  }

  /** Ends every call that is not awaited. */
  private readonly report = (error: unknown): void => this.logger.error(error);

  private async identify(socket: Socket): Promise<void> {
    const { headers, auth } = socket.handshake;
    try {
      const owner = await this.authenticator.authenticate({ headers, token: auth['token'] });
      const connection = new SocketConnection(socket, owner);
      socket.data.door = { connection, original: new OriginalWorkflow(this.sessions, connection) } satisfies Door;
    } catch (error) {
      throw Object.assign(new Error('not authenticated'), { data: toUploadError(error).toBody() });
    }
  }
}

const unknownEvent: Handler = async ({ refusal }) => {
  throw refusal ?? new UploadError('UNKNOWN_EVENT');
};

const doorOf = (socket: Socket): Door => socket.data.door as Door;

/** Whether another gateway of the application handles an event. */
function isHeardByOthers(socket: Socket, { name }: IncomingEvent): boolean {
  if (socket.listenersAny().length > 1) return true;
  // Socket.IO listens to `error` itself, so that it does not end the process.
  return typeof name === 'string' && socket.listenerCount(name) > (name === 'error' ? 1 : 0);
}
