import { Inject, Logger, UseFilters, type BeforeApplicationShutdown } from '@nestjs/common';
import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
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
  isUploadError,
  keepFreedMemory,
  MAX_INLINE_BYTES,
  MAX_MESSAGE_BYTES,
  MAX_PACKET_TEXT_LENGTH,
  parsePayload,
  refuse,
  SERVER_DRAINING,
  SESSION_ID_PATTERN,
  sessionOfChunkEvent,
  UploadError,
  uploadChunkSchema,
} from '@upload-streams/protocol';
import { setTimeout as delay } from 'node:timers/promises';
import type { Server, Socket } from 'socket.io';
import { UPLOAD_AUTHENTICATOR, type Authenticator } from '../contracts/authenticator.js';
import { toUploadError } from '../errors/host-error.js';
import { guardOrigins } from './origin-check.js';
import { beginOriginal, chunkOfOriginal, isOriginalChunk, isOriginalPayload } from './original-workflow.js';
import { SessionService } from '../session/session.service.js';
import { SocketConnection } from './socket-connection.js';
import { boundedParser, TOO_LARGE } from './bounded-parser.js';
import { guardConnections, holding } from './connection-guard.js';
import { UploadWebSocketServer } from '../performance/upload-web-socket-server.js';
import { UploadExceptionFilter } from './upload-exception.filter.js';
import { UPLOAD_OPTIONS, type ResolvedUploadOptions } from '../upload-options.js';

type Answer = (ack: object) => void;

/** Translates the events of docs/protocol.md into calls of the services, and their answers into acks. Decides nothing. */
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
@UseFilters(UploadExceptionFilter)
export class UploadGateway
  implements OnGatewayInit, OnGatewayConnection, OnGatewayDisconnect, BeforeApplicationShutdown
{
  private readonly logger = new Logger(UploadGateway.name);

  @WebSocketServer()
  private readonly server!: Server;

  constructor(
    @Inject(UPLOAD_OPTIONS) private readonly options: ResolvedUploadOptions,
    @Inject(UPLOAD_AUTHENTICATOR) private readonly authenticator: Authenticator,
    private readonly sessions: SessionService,
  ) {}

  afterInit(server: Server): void {
    keepFreedMemory();
    guardOrigins(server, this.options.allowedOrigins);
    guardConnections(server);
    server.use((socket, next) => {
      this.identify(socket)
        .then(() => next(), next)
        .catch(this.report);
    });
  }

  /** Chunk events have the session in their names, so they can't be subscribed to one by one. */
  handleConnection(socket: Socket): void {
    // Socket.IO calls this itself, with whatever the client sent: a throw would end the process.
    socket.onAny((event: unknown, ...args: unknown[]) => {
      this.dispatch(socket, event, args).catch(this.report);
    });
  }

  private async dispatch(socket: Socket, event: unknown, args: readonly unknown[]): Promise<void> {
    const sessionID = typeof event === 'string' ? sessionOfChunkEvent(event) : undefined;
    const [payload, asked] = args;
    if (sessionID !== undefined) {
      await holding(socket, bytesOf(payload), () =>
        this.uploadChunk(peerOf(socket), sessionID, payload, answerOf(asked)),
      );
    } else if (event === TOO_LARGE) {
      answerOf(args.at(-1))(refuse(new UploadError('MESSAGE_TOO_LARGE', { maxBytes: MAX_PACKET_TEXT_LENGTH })));
    } else if (!isHeard(socket, event)) answerOf(args.at(-1))(refuse(new UploadError('UNKNOWN_EVENT')));
  }

  @SubscribeMessage(BEGIN_UPLOAD)
  beginUpload(@ConnectedSocket() socket: Socket, @MessageBody() payload: unknown): Promise<object> {
    return holding(socket, bytesOf(payload), () =>
      isOriginalPayload(payload)
        ? beginOriginal(this.sessions, peerOf(socket), payload)
        : this.begin(peerOf(socket), payload),
    );
  }

  private async begin(peer: SocketConnection, payload: unknown): Promise<object> {
    const { chunk, crc32, last = false, fileCrc32, lastModified, ...facts } = parsePayload(beginUploadSchema, payload);
    if (chunk && chunk.length > MAX_INLINE_BYTES) {
      throw new UploadError('CHUNK_TOO_LARGE', { maxChunkSize: MAX_INLINE_BYTES });
    }
    const wanted = { ...facts, lastModified: lastModified ?? undefined };
    const whole = chunk && crc32 !== undefined ? { offset: 0, chunk, crc32, last, fileCrc32 } : undefined;
    return accept(await this.sessions.begin(peer, wanted, whole));
  }

  async uploadChunk(peer: SocketConnection, sessionID: string, payload: unknown, answer: Answer): Promise<void> {
    if (!SESSION_ID_PATTERN.test(sessionID)) return answer(refuse(new UploadError('SESSION_ID_INVALID')));
    if (isOriginalChunk(peer, sessionID, payload)) {
      const ack = await chunkOfOriginal(this.sessions, peer, sessionID, payload);
      if (ack) answer(ack);
      return;
    }
    try {
      const chunk = parsePayload(uploadChunkSchema, payload, 'INVALID_CHUNK');
      const written = await this.sessions.receive(peer, sessionID, chunk);
      answer(accept(written));
    } catch (error) {
      answer(refuse(toUploadError(error)));
      if (isUploadError(error, 'WINDOW_EXCEEDED')) peer.disconnect();
    }
  }

  @SubscribeMessage(CANCEL_UPLOAD)
  async cancelUpload(@ConnectedSocket() socket: Socket, @MessageBody() payload: unknown): Promise<object> {
    const { sessionID } = parsePayload(cancelUploadSchema, payload);
    await holding(socket, 0, () => this.sessions.cancel(peerOf(socket).owner, sessionID));
    return accept({});
  }

  async handleDisconnect(socket: Socket): Promise<void> {
    await this.sessions.release(peerOf(socket)).catch(this.report);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.server.local.emit(SERVER_DRAINING, { reconnectInMs: this.options.reconnectInMs });
    const graceOver = new AbortController();
    const grace = delay(this.options.shutdownGraceMs, true, { signal: graceOver.signal }).catch(() => false);
    const late = await Promise.race([grace, this.sessions.drain().then(() => false)]);
    graceOver.abort();
    if (late)
      this.logger.warn('Work was still in hand when the grace period ended; its uploads go on after the next start');
  }

  /** The end of every call that nobody awaits. */
  private readonly report = (error: unknown): void => this.logger.error(error);

  private async identify(socket: Socket): Promise<void> {
    const { headers, auth } = socket.handshake;
    try {
      const owner = await this.authenticator.authenticate({ headers, token: auth['token'] });
      socket.data.peer = new SocketConnection(socket, owner);
    } catch (error) {
      throw Object.assign(new Error('not authenticated'), { data: toUploadError(error).toBody() });
    }
  }
}

const peerOf = (socket: Socket): SocketConnection => socket.data.peer as SocketConnection;

/** The bytes that ride along with an event, known before it is checked. */
function bytesOf(payload: unknown): number {
  const chunk = (payload as { readonly chunk?: unknown } | null | undefined)?.chunk;
  return chunk instanceof Uint8Array ? chunk.length : 0;
}

const answerOf = (argument: unknown): Answer =>
  typeof argument === 'function' ? (argument as Answer) : () => undefined;

/** Whether a handler answers it: one of Nest's, of this gateway or of another one of the application. */
function isHeard(socket: Socket, event: unknown): boolean {
  if (socket.listenersAny().length > 1) return true;
  // Socket.IO listens to `error` itself, so that it does not end the process.
  return typeof event === 'string' && socket.listenerCount(event) > (event === 'error' ? 1 : 0);
}
