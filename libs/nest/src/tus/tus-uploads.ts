import { Inject, Injectable } from '@nestjs/common';
import { beginUploadSchema, parsePayload, UploadError, type BegunUpload } from '@upload-streams/protocol';
import { randomBytes } from 'node:crypto';
import { ChosenArea } from '../area/chosen-area.js';
import type { FileRecord, SessionRecord } from '../contracts/records.js';
import type { UploadStatus } from '../session/session-lookup.js';
import type { WantedUpload } from '../session/admission/admission.js';
import { ChecksumMemory } from './checksum-memory.js';
import { DeferredLengths } from './deferred-lengths.js';
import { RequestBody } from './request-body.js';
import { TusConnection } from './tus-connection.js';
import { bodyLengthOf, hasBody, lengthOf, lengthOfNew, requireOffset } from './tus-headers.js';
import { TusProblem } from './tus-problem.js';
import type { TusRequest } from './tus-request.js';
import { TusTransfer } from './tus-transfer.js';
import { UploadChecksum } from './upload-checksum.js';
import { readMetadata } from './upload-metadata.js';
import { UPLOAD_TUS_OPTIONS, type ResolvedUploadTusOptions } from './upload-tus-options.js';

/** A whole file without bytes. */
const EMPTY_FILE = { offset: 0, chunk: new Uint8Array(0), crc32: 0, last: true, fileCrc32: 0 };

/** An upload as `HEAD` describes it. */
export type TusUpload =
  | { readonly file: FileRecord }
  | { readonly record: SessionRecord; readonly offset: number; readonly length: number | undefined };

/**
 * Translates tus to `SessionService`, which decides everything. Each request is a connection of its own that holds its
 * session, so a request for the same upload takes over from an earlier one. After the request, the session is released.
 */
@Injectable()
export class TusUploads {
  constructor(
    private readonly chosen: ChosenArea,
    private readonly memory: ChecksumMemory,
    private readonly lengths: DeferredLengths,
    @Inject(UPLOAD_TUS_OPTIONS) private readonly options: ResolvedUploadTusOptions,
  ) {}

  /** Creates an upload, with its first bytes if there is a body. If they fail, nobody knows its URL, so nothing stays. */
  async create({ owner, raw }: TusRequest): Promise<{ readonly sessionID: string; readonly offset: number }> {
    const { headers } = raw;
    const checksum = UploadChecksum.of(headers);
    const wanted = this.wantedFrom(raw);
    const { sessionID, size } = wanted;
    if (size !== undefined && (bodyLengthOf(headers) ?? 0) > size) throw new TusProblem('BEYOND_LENGTH');
    const connection = new TusConnection(owner, raw.socket);
    if (size === 0) return { sessionID, offset: (await this.sessions.begin(connection, wanted, EMPTY_FILE)).offset };
    const receive = (begun: BegunUpload) =>
      hasBody(headers) ? this.receive({ connection, sessionID, raw, begun, length: size, checksum }) : begun.offset;
    try {
      return { sessionID, offset: await this.holding(connection, wanted, receive) };
    } catch (error) {
      await this.sessions.cancel(owner, sessionID).catch(() => undefined);
      throw error;
    }
  }

  /** Writes the body at its offset. Returns the new offset. */
  async append({ owner, raw }: TusRequest, sessionID: string): Promise<number> {
    const { headers } = raw;
    const offset = requireOffset(headers);
    const checksum = UploadChecksum.of(headers);
    const status = await this.sessions.status(owner, sessionID);
    if ('file' in status) return requireEnd(status.file.size, raw, offset);
    const { record } = status;
    const length = this.lengthFor(record, lengthOf(headers), offset);
    const connection = new TusConnection(owner, raw.socket);
    return this.holding(connection, wantedAgain(record), (begun) => {
      if (begun.completed) return requireEnd(begun.completed.size, raw, offset);
      if (begun.offset !== offset) throw wrongOffset(begun.offset);
      if (length !== undefined && offset + (bodyLengthOf(headers) ?? 0) > length) throw new TusProblem('BEYOND_LENGTH');
      return this.receive({ connection, sessionID, raw, begun, length, checksum });
    });
  }

  /** Describes an upload and takes nothing over. If all bytes are there, it completes the file first. */
  async describe({ owner, raw }: TusRequest, sessionID: string): Promise<TusUpload> {
    const status = await this.sessions.status(owner, sessionID);
    if ('file' in status) return status;
    const { record, offset, live } = status;
    const length = this.lengthOf(record);
    if (live || offset !== length) return { record, offset, length };
    // The gateway stopped before the completion. A client that sees this offset would take the file for stored.
    await this.complete(new TusConnection(owner, raw.socket), record, length);
    const now = await this.sessions.status(owner, sessionID);
    return 'file' in now ? now : { record, offset: now.offset, length };
  }

  /** The file of an upload that is complete. */
  async fileOf({ owner }: Pick<TusRequest, 'owner'>, sessionID: string): Promise<FileRecord> {
    const status = await this.sessions.status(owner, sessionID);
    if (!('file' in status)) throw new TusProblem('UNFINISHED');
    return status.file;
  }

  /** Removes an upload, or the file that it has become. */
  async terminate({ owner }: TusRequest, sessionID: string): Promise<void> {
    const status: UploadStatus = await this.sessions.status(owner, sessionID);
    this.lengths.forget(sessionID);
    if ('file' in status) await this.chosen.area.files.remove(status.file.fileId, { owner, sessionID });
    else await this.sessions.cancel(owner, sessionID);
  }

  private get sessions() {
    return this.chosen.area.sessions;
  }

  private async holding<T>(
    connection: TusConnection,
    wanted: WantedUpload,
    work: (begun: BegunUpload) => T | Promise<T>,
  ): Promise<T> {
    const begun = await this.sessions.begin(connection, wanted);
    try {
      return await work(begun);
    } finally {
      await this.sessions.release(connection, wanted.sessionID);
    }
  }

  private async receive(job: {
    readonly connection: TusConnection;
    readonly sessionID: string;
    readonly raw: TusRequest['raw'];
    readonly begun: BegunUpload;
    readonly length: number | undefined;
    readonly checksum: UploadChecksum | undefined;
  }): Promise<number> {
    const { connection, sessionID, raw, begun, length, checksum } = job;
    const transfer = new TusTransfer(this.sessions, connection, sessionID, begun, length);
    const body = new RequestBody(raw, connection.signal, this.options.idleTimeoutMs);
    const { memory } = this;
    if (!checksum) await transfer.stream(body);
    else await memory.hold(bodyLengthOf(raw.headers), () => transfer.verified(body, checksum, memory.largest));
    await this.finish(transfer, sessionID);
    return transfer.offset;
  }

  private async complete(connection: TusConnection, record: SessionRecord, length: number): Promise<void> {
    const { sessionID } = record;
    await this.holding(connection, wantedAgain(record), async (begun) => {
      if (begun.completed) return;
      await this.finish(new TusTransfer(this.sessions, connection, sessionID, begun, length), sessionID);
    });
  }

  private async finish(transfer: TusTransfer, sessionID: string): Promise<void> {
    if (await transfer.finishIfWhole()) this.lengths.forget(sessionID);
  }

  private lengthOf({ size, sessionID }: SessionRecord): number | undefined {
    return size ?? this.lengths.get(sessionID);
  }

  /** The length of an upload, which a request may tell once. */
  private lengthFor(record: SessionRecord, told: number | undefined, offset: number): number | undefined {
    const known = this.lengthOf(record);
    if (told === undefined || told === known) return known;
    if (known !== undefined || told < offset) throw new TusProblem('LENGTH_KNOWN');
    this.requireAllowed(told);
    this.lengths.set(record.sessionID, told);
    return told;
  }

  private requireAllowed(length: number | undefined): void {
    const { maxFileBytes } = this.chosen.area.options;
    if (length !== undefined && length > maxFileBytes)
      throw new UploadError('FILE_TOO_LARGE', { maxBytes: maxFileBytes });
  }

  private wantedFrom({ headers }: TusRequest['raw']): WantedUpload {
    if (headers['upload-concat'] !== undefined) throw new TusProblem('CONCATENATION');
    const size = lengthOfNew(headers);
    this.requireAllowed(size);
    const sessionID = randomBytes(24).toString('base64url');
    const payload = parsePayload(beginUploadSchema, { protocol: 1, sessionID, size, ...readMetadata(headers) });
    const { fileName, type, metadata } = payload;
    return { sessionID, resumable: true, fileName, size, type, metadata };
  }
}

/** What the record of an upload was created with. */
function wantedAgain({ sessionID, requestedName, size }: SessionRecord): WantedUpload {
  return { sessionID, resumable: true, fileName: requestedName, size };
}

/** A request that has nothing to add to a complete file succeeds, as its client may have missed the first answer. */
function requireEnd(size: number, { headers }: TusRequest['raw'], offset: number): number {
  if (offset !== size) throw wrongOffset(size);
  if (hasBody(headers)) throw new TusProblem('BEYOND_LENGTH');
  return size;
}

function wrongOffset(expected: number): TusProblem {
  return new TusProblem('OFFSET', { answer: { 'Upload-Offset': String(expected) } });
}
