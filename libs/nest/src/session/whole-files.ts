import { Inject, Injectable, Logger } from '@nestjs/common';
import { crc32 } from '@node-rs/crc32';
import { isUploadError, UploadError } from '@upload-streams/protocol';
import { UploadEvents } from './upload-events.js';
import { fromHost } from '../errors/host-error.js';
import { UPLOAD_POLICY, type UploadPolicy } from '../contracts/upload-policy.js';
import type { StoredFile } from '../contracts/storage-backend.js';
import { StorageService } from '../storage/storage.service.js';
import { UPLOAD_OPTIONS, type ResolvedUploadOptions } from '../upload-options.js';
import { Admission, type WantedUpload } from './admission.js';
import type { IncomingChunk } from './upload-session.js';
import type { FileRecord, SessionRecord } from '../contracts/records.js';
import { UPLOAD_STORE, type UploadStore } from '../contracts/upload-store.js';

/**
 * Files that come whole in `begin_upload`. There is nothing to resume, so no session is recorded: the file is stored, read
 * back, and enters the catalogue, at the price of one commit. A crash before that leaves bytes that no catalogue knows, and
 * a client that was told nothing and sends the file again.
 */
@Injectable()
export class WholeFiles {
  private readonly logger = new Logger(WholeFiles.name);

  constructor(
    @Inject(UPLOAD_OPTIONS) private readonly options: ResolvedUploadOptions,
    @Inject(UPLOAD_STORE) private readonly store: UploadStore,
    @Inject(UPLOAD_POLICY) private readonly policy: UploadPolicy,
    private readonly storage: StorageService,
    private readonly admission: Admission,
    private readonly events: UploadEvents,
  ) {}

  /**
   * Returns the file of the catalogue: this one, or the one that the same session stored before, by a call whose outcome
   * nobody knew. Where anything is wrong with the file, nothing of it stays.
   */
  async keep(wanted: WantedUpload, owner: string | null, whole: IncomingChunk): Promise<FileRecord> {
    const session = await this.admission.admit(wanted, owner);
    this.storage.release(session.fileId);
    this.check(wanted, whole);
    const { sessionID, fileName } = session;
    this.events.emit({ type: 'begun', sessionID, owner, fileName });
    const file = await this.accepted(session, whole);
    if ((await this.added(file)) === 'exists') return this.before(file);
    this.events.emit({ type: 'completed', file });
    return file;
  }

  /** No catalogue was asked to name the bytes yet, so they go where the file is not to be kept. */
  private async accepted(session: SessionRecord, whole: IncomingChunk): Promise<FileRecord> {
    try {
      const file = await this.stored(session, whole);
      await fromHost(() => this.policy.inspect?.(file));
      return file;
    } catch (error) {
      await this.discard(session);
      throw error;
    }
  }

  /**
   * Rejects where nobody knows whether the catalogue names the file, or will: its bytes stay. The client's next attempt
   * finds it there, or stores the file anew under another file ID, of which the catalogue takes one.
   */
  private async added(file: FileRecord): Promise<'added' | 'exists'> {
    try {
      const [outcome] = await Promise.all([this.store.add(file), this.storage.keepRecord(file)]);
      return outcome;
    } catch (error) {
      // A refusal for want of room: nothing was changed, nor will be.
      if (isUploadError(error, 'STORAGE_FULL')) await this.discard(file);
      else if (await this.store.findFile(file.fileId).catch(() => undefined)) return 'added';
      throw error;
    }
  }

  /** The file that the catalogue has of the session; the bytes of a second one go, which the catalogue refused. */
  private async before(file: FileRecord): Promise<FileRecord> {
    const before = await this.store.findFileOfSession(file.sessionID);
    if (!before) throw new UploadError('STORAGE_FAILED');
    if (before.fileId === file.fileId) return before;
    await this.discard(file);
    await this.storage.forgetRecord(file.fileId);
    return before;
  }

  private async discard({ fileId }: StoredFile): Promise<void> {
    await this.storage.remove(fileId).catch((error) => this.logger.warn(error));
  }

  private check({ size }: WantedUpload, { chunk, crc32: expected, fileCrc32 }: IncomingChunk): void {
    const { maxChunkBytes, maxFileBytes } = this.options;
    if (chunk.length > maxChunkBytes) throw new UploadError('CHUNK_TOO_LARGE', { maxChunkSize: maxChunkBytes });
    if (chunk.length > maxFileBytes) throw new UploadError('FILE_TOO_LARGE', { maxBytes: maxFileBytes });
    if (crc32(chunk) !== expected) throw new UploadError('CHECKSUM_MISMATCH');
    if (size !== undefined && size !== chunk.length) {
      throw new UploadError('SIZE_MISMATCH', { size, received: chunk.length });
    }
    if (fileCrc32 !== expected) throw new UploadError('FILE_CHECKSUM_MISMATCH');
  }

  private async stored(session: SessionRecord, whole: IncomingChunk): Promise<FileRecord> {
    const { sessionID, fileId, owner, fileName, type, metadata } = session;
    const digest = await this.storage.put(session, whole.chunk);
    if (digest.crc32 !== whole.crc32) throw new UploadError('FILE_CHECKSUM_MISMATCH');
    return { sessionID, fileId, owner, fileName, type, metadata, ...digest, createdAt: Date.now() };
  }
}
