import {
  BEGIN_UPLOAD,
  CANCEL_UPLOAD,
  PROTOCOL_VERSION,
  uploadChunkEvent,
  uploadErrorEvent,
  uploadSuccessEvent,
  type Ack,
  type BegunUpload,
  type ChunkWritten,
  type CompletedUpload,
  type UploadErrorBody,
} from '@upload-streams/protocol';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { crc32 } from 'node:zlib';
import { io, type Socket } from 'socket.io-client';

export const newSessionID = (): string => randomBytes(18).toString('base64url');

/** Sends single events of the protocol, including ones that the engine would never send. */
export class WireClient {
  private constructor(readonly socket: Socket) {}

  /** Connects to where the original workflow is served. */
  static connectAsOriginal(url: string): Promise<WireClient> {
    return WireClient.connect(url, undefined, '/socket.io');
  }

  static async connect(url: string, token?: string, path = '/upload-streams'): Promise<WireClient> {
    const socket = io(url, {
      path,
      forceNew: true,
      reconnection: false,
      transports: ['websocket'],
      auth: token ? { token } : {},
    });
    const client = new WireClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve).once('connect_error', (error) => {
        socket.disconnect();
        reject(error);
      });
    });
    return client;
  }

  begin(sessionID: string, fields: object = {}): Promise<Ack<BegunUpload>> {
    return this.request(BEGIN_UPLOAD, { protocol: PROTOCOL_VERSION, sessionID, fileName: 'file.bin', ...fields });
  }

  /** Sends a chunk with the right checksum, unless `fields` has another one. */
  chunk(sessionID: string, offset: number, bytes: Uint8Array, fields: object = {}): Promise<Ack<ChunkWritten>> {
    const payload = { offset, chunk: bytes, crc32: crc32(bytes), last: false, ...fields };
    return this.request(uploadChunkEvent(sessionID), payload);
  }

  cancel(sessionID: string): Promise<Ack<object>> {
    return this.request(CANCEL_UPLOAD, { sessionID });
  }

  request<T>(event: string, payload: unknown): Promise<T> {
    return new Promise((resolve) => this.socket.emit(event, payload, resolve));
  }

  async success(sessionID: string): Promise<CompletedUpload> {
    const [file] = await once(
      this.socket as unknown as EventTarget & NodeJS.EventEmitter,
      uploadSuccessEvent(sessionID),
    );
    return file as CompletedUpload;
  }

  async failure(sessionID: string): Promise<UploadErrorBody> {
    const args = await once(this.socket as unknown as EventTarget & NodeJS.EventEmitter, uploadErrorEvent(sessionID));
    return args[1] as UploadErrorBody;
  }

  async disconnected(): Promise<void> {
    if (this.socket.connected) await new Promise((resolve) => this.socket.once('disconnect', resolve));
  }

  close(): void {
    this.socket.disconnect();
  }
}
