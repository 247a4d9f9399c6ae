import { Logger } from '@nestjs/common';
import type { StorageService } from '../storage/storage.service.js';
import type { FileRecord, SessionRecord } from '../contracts/records.js';
import type { UploadStore } from '../contracts/upload-store.js';

/** The files that sessions became, for clients that begin such a session again since they were not told of its end. */
export class FinishedFiles {
  private readonly logger = new Logger(FinishedFiles.name);

  constructor(
    private readonly store: UploadStore,
    private readonly storage: StorageService,
  ) {}

  /**
   * The file of a session that is complete, or that never had a record. It is looked for in the store of bytes too: a
   * client that is told of a file gives up its own. An entry without its bytes leaves the catalogue, so that the client can
   * upload them anew; no bytes are removed.
   */
  async find(sessionID: string, record: SessionRecord | undefined): Promise<FileRecord | undefined> {
    if (record && !record.completed) return undefined;
    const file = await this.store.findFileOfSession(sessionID);
    if (file && (await this.storage.has(file))) return file;
    if (file) {
      this.logger.error(`The bytes of the file ${file.fileId} are missing; its client uploads them anew`);
      await this.store.removeFile(file.fileId);
    } else if (record) await this.store.remove(sessionID);
    return undefined;
  }
}
