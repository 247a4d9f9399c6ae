import { Inject, Injectable } from '@nestjs/common';
import { crc32 } from '@node-rs/crc32';
import { UploadError } from '@upload-streams/protocol';
import { UploadEvents } from '../events/upload-events.js';
import type { UploadPolicy } from '../policy/upload-policy.js';
import { StorageService } from '../storage/storage.service.js';
import { storedNameOf } from '../storage/stored-name.js';
import type { ResolvedUploadOptions } from '../upload-options.js';
import { UPLOAD_OPTIONS, UPLOAD_POLICY, UPLOAD_SESSION_STORE } from '../upload.tokens.js';
import { Admission, type WantedUpload } from './admission.js';
import type { IncomingChunk } from './live-session.js';
import type { FileRecord, SessionRecord } from './session-record.js';
import type { SessionStore } from './session-store.js';

/**
 * Files that come whole in `begin_upload`. There is nothing to resume, so no session is recorded: the file is stored, read
 * back, and enters the catalogue, at the price of one commit. A crash before that leaves bytes of nobody, which the next
 * start removes, and a client that was told nothing and sends the file again.
 */
@Injectable()
export class WholeFiles {
  constructor(
    @Inject(UPLOAD_OPTIONS) private readonly options: ResolvedUploadOptions,
    @Inject(UPLOAD_SESSION_STORE) private readonly store: SessionStore,
    @Inject(UPLOAD_POLICY) private readonly policy: UploadPolicy,
    private readonly storage: StorageService,
    private readonly admission: Admission,
    private readonly events: UploadEvents,
  ) {}

  /** Gives the file of the catalogue; nothing of it stays where anything is wrong with it. */
  async keep(wanted: WantedUpload, owner: string | null, whole: IncomingChunk): Promise<FileRecord> {
    const session = await this.admission.admit(wanted, owner);
    this.check(wanted, whole);
    const { sessionID, fileName } = session;
    this.events.emit({ type: 'begun', sessionID, owner, fileName });
    try {
      const file = await this.stored(session, whole);
      await this.policy.inspect?.(file);
      await this.store.add(file);
      this.events.emit({ type: 'completed', file });
      return file;
    } catch (error) {
      await this.storage.abort(session.fileId);
      throw error;
    }
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
    const storedName = storedNameOf(fileName);
    const digest = await this.storage.put({ fileId, storedName }, whole.chunk);
    if (digest.crc32 !== whole.crc32) throw new UploadError('FILE_CHECKSUM_MISMATCH');
    return { sessionID, fileId, owner, fileName, type, metadata, storedName, ...digest, createdAt: Date.now() };
  }
}
