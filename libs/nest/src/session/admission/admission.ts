import { Inject, Injectable } from '@nestjs/common';
import { crc32 } from '@node-rs/crc32';
import { UploadError } from '@upload-streams/protocol';
import { randomBytes } from 'node:crypto';
import { fromHost } from '../../errors/host-error.js';
import { UPLOAD_POLICY, type UploadPolicy } from '../../contracts/upload-policy.js';
import { StorageService } from '../../storage/storage.service.js';
import { UPLOAD_OPTIONS, type ResolvedUploadOptions } from '../../upload-options.js';
import { checkFileName } from './file-name.js';
import type { FileRecord, SessionRecord } from '../../contracts/records.js';
import type { IncomingChunk } from '../flow/incoming-chunk.js';

/** What a client wants to upload, checked against its schema. */
export interface WantedUpload {
  readonly sessionID: string;
  /** Whether the client can resume it. If not, it is discarded when its connection ends. */
  readonly resumable: boolean;
  readonly fileName: string;
  readonly size?: number | undefined;
  readonly type?: string | undefined;
  readonly lastModified?: number | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

const DEFAULT_TYPE = 'application/octet-stream';

/** Decides whether a session may be created or resumed. */
@Injectable()
export class Admission {
  constructor(
    @Inject(UPLOAD_OPTIONS) private readonly options: ResolvedUploadOptions,
    @Inject(UPLOAD_POLICY) private readonly policy: UploadPolicy,
    private readonly storage: StorageService,
  ) {}

  /** Returns the record of a new session. Throws the reason if the upload is refused. */
  async admit(wanted: WantedUpload, owner: string | null): Promise<SessionRecord> {
    const requestedName = checkFileName(wanted.fileName);
    const type = wanted.type || DEFAULT_TYPE;
    this.checkSize(wanted.size);
    this.checkType(type);
    const { size, lastModified, metadata = {} } = wanted;
    const amendment = await fromHost(() =>
      this.policy.admit?.({ owner, fileName: requestedName, size, type, lastModified, metadata }),
    );
    const fileId = randomBytes(16).toString('hex');
    // An upload of unknown size needs at least some free space.
    await this.storage.reserve(fileId, size ?? 1);
    return {
      sessionID: wanted.sessionID,
      resumable: wanted.resumable,
      owner,
      fileId,
      requestedName,
      fileName: amendment?.fileName ?? requestedName,
      size,
      type: amendment?.type ?? type,
      metadata: amendment?.metadata ?? metadata,
      epoch: 1,
      checkpoint: { offset: 0, crc32: 0 },
      updatedAt: Date.now(),
      completed: false,
    };
  }

  /** Throws if a session has another owner, or belongs to another file or another workflow. */
  readmit(record: SessionRecord, wanted: WantedUpload, owner: string | null): void {
    if (record.owner !== owner) throw new UploadError('SESSION_FORBIDDEN');
    const sameFile = record.requestedName === checkFileName(wanted.fileName) && record.size === wanted.size;
    if (!sameFile || !record.resumable || !wanted.resumable) throw new UploadError('SESSION_MISMATCH');
  }

  /** Does the same for a session that is complete. Its file exists, but its record may have been removed. */
  readmitCompleted(file: FileRecord, { resumable, size = file.size }: WantedUpload, owner: string | null): void {
    if (file.owner !== owner) throw new UploadError('SESSION_FORBIDDEN');
    if (!resumable || size !== file.size) throw new UploadError('SESSION_MISMATCH');
  }

  /** Throws if a file that arrived whole is too large, or does not match its checksums. */
  checkWhole({ size }: WantedUpload, { chunk, crc32: expected, fileCrc32 }: IncomingChunk): void {
    const { maxChunkBytes, maxFileBytes } = this.options;
    if (chunk.length > maxChunkBytes) throw new UploadError('CHUNK_TOO_LARGE', { maxChunkSize: maxChunkBytes });
    if (chunk.length > maxFileBytes) throw new UploadError('FILE_TOO_LARGE', { maxBytes: maxFileBytes });
    if (crc32(chunk) !== expected) throw new UploadError('CHECKSUM_MISMATCH');
    if (size !== undefined && size !== chunk.length) {
      throw new UploadError('SIZE_MISMATCH', { size, received: chunk.length });
    }
    if (fileCrc32 !== expected) throw new UploadError('FILE_CHECKSUM_MISMATCH');
  }

  private checkSize(size: number | undefined): void {
    const { maxFileBytes } = this.options;
    if (size !== undefined && size > maxFileBytes) throw new UploadError('FILE_TOO_LARGE', { maxBytes: maxFileBytes });
  }

  private checkType(type: string): void {
    const { allowedTypes } = this.options;
    const essence = type.split(';')[0]!.trim().toLowerCase();
    const allows = (allowed: string) =>
      allowed.endsWith('/*')
        ? essence.startsWith(allowed.slice(0, -1).toLowerCase())
        : essence === allowed.toLowerCase();
    if (allowedTypes.length > 0 && !allowedTypes.some(allows)) {
      throw new UploadError('TYPE_NOT_ALLOWED', { allowed: allowedTypes.join(', ') });
    }
  }
}
