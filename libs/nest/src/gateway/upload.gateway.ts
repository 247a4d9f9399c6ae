import { Inject, Injectable } from '@nestjs/common';
import {
  accept,
  BEGIN_UPLOAD,
  beginUploadSchema,
  CANCEL_UPLOAD,
  cancelUploadSchema,
  MAX_INLINE_BYTES,
  parsePayload,
  SERVER_DRAINING,
  SESSION_ID_PATTERN,
  UploadError,
  uploadChunkSchema,
} from '@upload-streams/protocol';
import type { Server as HttpServer } from 'node:http';
import { SessionService } from '../session/session.service.js';
import { UPLOAD_OPTIONS, type ResolvedUploadOptions } from '../upload-options.js';
import { UPLOAD_CHUNK } from './incoming-event.js';
import type { SocketConnection } from './socket-connection.js';
import { SocketDoor, type EventHandler } from './socket-door.js';
import { UploadServer } from './upload-server.js';

/**
 * The Socket.IO gateway of protocol 1: translates the events of docs/protocol.md into calls of `SessionService`, and its
 * answers into acks. It checks only payloads. It has a server of its own (`UploadServer`) instead of
 * `@WebSocketGateway`, so that adapters, other gateways and connection state recovery of the application can't change how uploads work.
 */
@Injectable()
export class UploadGateway {
  private readonly server: UploadServer;

  /** The handler of each event. */
  private readonly handlers: ReadonlyMap<string, EventHandler<SocketConnection>> = new Map<
    string,
    EventHandler<SocketConnection>
  >([
    [BEGIN_UPLOAD, ({ payload }, connection) => this.begin(connection, payload)],
    [UPLOAD_CHUNK, ({ payload, sessionID }, connection) => this.receive(connection, sessionID, payload)],
    [CANCEL_UPLOAD, ({ payload }, connection) => this.cancel(connection, payload)],
  ]);

  constructor(
    @Inject(UPLOAD_OPTIONS) private readonly options: ResolvedUploadOptions,
    private readonly door: SocketDoor,
    private readonly sessions: SessionService,
  ) {
    this.server = new UploadServer(options);
  }

  /**
   * Lets clients connect at `path`, also below `basePath`. Throws a RangeError if another upload area has it, or if
   * everything below `basePath` would be taken for a connection.
   */
  open(httpServer: HttpServer): void {
    this.door.serve(this.server.io, { handlers: this.handlers, connect: (connection) => connection });
    const { path, basePath } = this.options;
    if (`${basePath}/`.startsWith(`${path}/`)) {
      throw new RangeError(
        `UploadModule: basePath ${basePath} must not be path ${path} or below it, where only clients connect`,
      );
    }
    this.server.open(httpServer, new Set([path, `${basePath}${path}`]));
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

  /** Tells clients to connect again later. */
  announceShutdown(): void {
    this.server.io.emit(SERVER_DRAINING, { reconnectInMs: this.options.reconnectInMs });
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    await this.server.close();
  }
}
