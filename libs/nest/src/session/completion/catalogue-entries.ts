import { Inject, Injectable, Logger } from '@nestjs/common';
import { isUploadError, UploadError } from '@upload-streams/protocol';
import type { FileRecord } from '../../contracts/records.js';
import { UPLOAD_STORE, type LostSession, type UploadStore } from '../../contracts/upload-store.js';
import { StorageService } from '../../storage/storage.service.js';
import { SessionEndings } from '../session-endings.js';
import { UploadEvents } from '../upload-events.js';
import type { UploadSession } from '../upload-session.js';

/**
 * Adds files to the catalogue. `complete` and `add` return the file that the catalogue has for the session: this one,
 * or an earlier one that the same client stored by a call whose answer was lost. If it is unknown whether the catalogue
 * has the file, or will have it, they reject and the bytes stay: the next begin of the session is answered with the
 * file, or stores it again.
 */
@Injectable()
export class CatalogueEntries {
  private readonly logger = new Logger(CatalogueEntries.name);

  constructor(
    @Inject(UPLOAD_STORE) private readonly store: UploadStore,
    private readonly storage: StorageService,
    private readonly endings: SessionEndings,
    private readonly events: UploadEvents,
  ) {}

  /** Adds the file of a session, and marks the session as completed. */
  async complete(session: UploadSession, file: FileRecord): Promise<FileRecord> {
    const outcome = await this.enter(file, () => this.store.complete(session.epoch, file));
    if (outcome === 'exists') return this.resolveToEarlier(file, () => this.endings.fail(session));
    if (outcome !== 'entered') throw new UploadError(this.endings.reportLoss(session, outcome));
    return file;
  }

  /** Adds a file that arrived whole, without a session. Its bytes are discarded if the catalogue refuses it. */
  async add(file: FileRecord): Promise<FileRecord> {
    try {
      const outcome = await this.enter(file, () => this.store.addFile(file));
      return outcome === 'exists' ? await this.resolveToEarlier(file, () => this.discard(file)) : file;
    } catch (error) {
      if (isUploadError(error, 'STORAGE_FULL')) await this.discard(file);
      throw error;
    }
  }

  /** Discards the bytes of a file that is not in the catalogue and cannot get into it any more. */
  async discard({ fileId }: Pick<FileRecord, 'fileId'>): Promise<void> {
    await this.storage.remove(fileId).catch((error) => this.logger.warn(error));
  }

  private async enter<Lost extends LostSession>(
    file: FileRecord,
    call: () => Promise<'completed' | 'added' | 'exists' | Lost>,
  ): Promise<'entered' | 'exists' | Lost> {
    const outcome = await this.callOrLookUp(file, call);
    if (outcome !== 'completed' && outcome !== 'added') return outcome as 'exists' | Lost;
    this.events.emit({ type: 'completed', file });
    return 'entered';
  }

  /**
   * Calls the store. STORAGE_FULL means that nothing was changed. After any other failure, asks the catalogue whether
   * it has the file. If it does not, or does not answer, the outcome stays unknown and the error is thrown.
   */
  private async callOrLookUp<T>(file: FileRecord, call: () => Promise<T>): Promise<T | 'added'> {
    try {
      const [outcome] = await Promise.all([call(), this.storage.saveRecord(file)]);
      return outcome;
    } catch (error) {
      const isRefused = isUploadError(error, 'STORAGE_FULL');
      if (!isRefused && (await this.store.findFile(file.fileId).catch(() => undefined))) return 'added';
      throw error;
    }
  }

  /** Returns the file that the catalogue already has for the session of `file`, and discards `file`. */
  private async resolveToEarlier(file: FileRecord, discard: () => Promise<void>): Promise<FileRecord> {
    const earlier = await this.store.findFileOfSession(file.sessionID);
    if (!earlier) throw new UploadError('STORAGE_FAILED');
    if (earlier.fileId === file.fileId) return earlier;
    await discard();
    await this.storage.removeRecord(file.fileId);
    if (earlier.owner !== file.owner) throw new UploadError('SESSION_FORBIDDEN');
    if (earlier.size !== file.size || earlier.crc32 !== file.crc32) throw new UploadError('SESSION_MISMATCH');
    return earlier;
  }
}
