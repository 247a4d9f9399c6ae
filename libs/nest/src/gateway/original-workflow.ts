import { crc32 } from '@node-rs/crc32';
import {
  BEGIN_UPLOAD,
  crc32Combine,
  MAX_MESSAGE_BYTES,
  originalBeginSchema,
  originalChunkSchema,
  parsePayload,
  SESSION_ID_PATTERN,
  UploadError,
  type BegunUpload,
  type CompletedUpload,
} from '@upload-streams/protocol';
import { SerialQueue } from '../concurrency/serial-queue.js';
import type { SessionService } from '../session/session.service.js';
import type { UploadConnection } from '../session/upload-connection.js';
import { UPLOAD_CHUNK, type IncomingEvent } from './incoming-event.js';

/** The file name if the client sends none. */
const UNNAMED = 'upload';

const WRONG_PATH =
  'only the original workflow is served at this path; connect to the path of protocol 1, which is /upload-streams by default';

/** Longer text cannot be a session ID and is not echoed. */
const LONGEST_ECHO = 64;

/**
 * A client waits for each ack, so at most one chunk is in flight, of at most one message. A client that does not wait
 * must not fill the memory.
 */
const MAX_WAITING_BYTES = 2 * MAX_MESSAGE_BYTES;

/** An upload whose offset and checksum are kept here, because its client sends neither. */
interface OriginalUpload {
  readonly sessionID: string;
  readonly begun: Promise<BegunUpload>;
  readonly queue: SerialQueue;
  waitingBytes: number;
  offset: number;
  crc32: number;
}

/**
 * Translates the original workflow for one connection (docs/protocol.md, "The original workflow"): `begin_upload`
 * without `protocol`, chunks of any size without offsets and checksums, each acknowledged; a refusal is
 * `upload_error_{ID}` without an ack. `SessionService` sees a client of protocol 1 that sends one chunk at a time and
 * cannot resume.
 */
export class OriginalWorkflow implements UploadConnection {
  private readonly uploads = new Map<string, OriginalUpload>();

  constructor(
    private readonly sessions: SessionService,
    private readonly connection: UploadConnection,
  ) {}

  get owner(): string | null {
    return this.connection.owner;
  }

  get connected(): boolean {
    return this.connection.connected;
  }

  async begin(payload: unknown): Promise<object> {
    if (isProtocolOne(payload)) throw new UploadError('INVALID_PAYLOAD', { problem: WRONG_PATH });
    const { fileName = UNNAMED, ...facts } = parsePayload(originalBeginSchema, payload);
    const { sessionID } = facts;
    const begun = this.sessions.begin(this, { resumable: false, fileName, ...facts });
    const upload = newUpload(sessionID, begun);
    // The client may send chunks before the ack. They wait until the session has begun.
    if (!this.uploads.has(sessionID)) this.uploads.set(sessionID, upload);
    try {
      await begun;
    } catch (error) {
      if (this.uploads.get(sessionID) === upload) this.uploads.delete(sessionID);
      throw error;
    }
    return { ok: true };
  }

  async receive(sessionID: string, payload: unknown): Promise<object> {
    if (!SESSION_ID_PATTERN.test(sessionID)) throw new UploadError('SESSION_ID_INVALID');
    const { chunk, last } = parsePayload(originalChunkSchema, payload);
    const upload = this.uploads.get(sessionID) ?? newUpload(sessionID);
    if (upload.waitingBytes + chunk.length > MAX_WAITING_BYTES) throw new UploadError('WINDOW_EXCEEDED');
    upload.waitingBytes += chunk.length;
    await upload.queue.run(() => {
      upload.waitingBytes -= chunk.length;
      return this.forward(upload, chunk, last).catch((error: unknown) => this.giveUp(upload, error));
    });
    return { ok: true };
  }

  /**
   * Answers an event that failed. Returns false if the event does not belong to this workflow, or has no session ID to
   * answer to.
   */
  refuse(event: IncomingEvent, error: UploadError): boolean {
    const id = sessionOf(event);
    if (id === undefined) return false;
    this.connection.failed(id, error);
    return true;
  }

  completed(sessionID: string, file: CompletedUpload): void {
    this.uploads.delete(sessionID);
    this.connection.completed(sessionID, file);
  }

  /** Does nothing, because clients of this workflow do not know this event. */
  inProgress(): void {}

  failed(sessionID: string, error: UploadError): void {
    this.uploads.delete(sessionID);
    this.connection.failed(sessionID, error);
  }

  /** Gives the session up: without offsets, the client's next chunk would be written in the place of this one. */
  private async giveUp(upload: OriginalUpload, reason: unknown): Promise<never> {
    this.uploads.delete(upload.sessionID);
    await this.sessions.release(this, upload.sessionID);
    throw reason;
  }

  /** Hands the chunk to `SessionService` in pieces within the limits of protocol 1, one at a time. */
  private async forward(upload: OriginalUpload, chunk: Uint8Array, last: boolean): Promise<void> {
    const begun = await upload.begun;
    let { window } = begun;
    let rest = chunk;
    do {
      const piece = rest.subarray(0, Math.min(begun.maxChunkSize, window));
      // Computed now: the memory of the piece may be freed after the call.
      rest = rest.subarray(piece.length);
      const crc = crc32(piece);
      const fileCrc32 = crc32Combine(upload.crc32, crc, piece.length);
      const next = { offset: upload.offset, chunk: piece, crc32: crc, last: last && rest.length === 0, fileCrc32 };
      const written = await this.sessions.receive(this, upload.sessionID, next);
      upload.offset = written.offset;
      upload.crc32 = fileCrc32;
      window = written.window;
    } while (rest.length > 0);
  }
}

/** Without a known begin, `SessionService` reports why there is no such upload. */
function newUpload(sessionID: string, begun?: Promise<BegunUpload>): OriginalUpload {
  const unknown = { maxChunkSize: MAX_MESSAGE_BYTES, window: MAX_MESSAGE_BYTES } as BegunUpload;
  const queue = new SerialQueue();
  return { sessionID, begun: begun ?? Promise.resolve(unknown), queue, waitingBytes: 0, offset: 0, crc32: 0 };
}

/** The session ID to answer to; undefined if the event has none. */
function sessionOf({ kind, sessionID, payload }: IncomingEvent): string | undefined {
  if (kind === UPLOAD_CHUNK) return SESSION_ID_PATTERN.test(sessionID) ? sessionID : undefined;
  if (kind !== BEGIN_UPLOAD || isProtocolOne(payload)) return undefined;
  const id = typeof payload === 'string' ? payload : (payload as { sessionID?: unknown } | null | undefined)?.sessionID;
  return typeof id === 'string' && id.length <= LONGEST_ECHO ? id : undefined;
}

/** Clients of protocol 1 expect an ack, so they must not get `upload_error_{ID}` instead. */
const isProtocolOne = (payload: unknown): boolean =>
  typeof payload === 'object' && payload !== null && 'protocol' in payload;
