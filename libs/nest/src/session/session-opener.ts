import { Inject, Injectable } from '@nestjs/common';
import { crc32 } from '@node-rs/crc32';
import type { PartialFile } from '../contracts/storage-backend.js';
import { StorageService } from '../storage/storage.service.js';
import { UPLOAD_OPTIONS, type ResolvedUploadOptions } from '../upload-options.js';
import { UploadSession } from './upload-session.js';
import type { UploadConnection } from './upload-connection.js';
import type { Checkpoint, SessionRecord } from '../contracts/records.js';
import { WindowBudget } from './window-budget.js';

/** Notes in the store that all before a point is durable. */
export type SessionNote = (session: UploadSession, checkpoint: Checkpoint) => Promise<void>;

/** Makes a recorded session live: opens its bytes and finds out what they are. */
@Injectable()
export class SessionOpener {
  private readonly budget: WindowBudget;

  constructor(
    @Inject(UPLOAD_OPTIONS) private readonly options: ResolvedUploadOptions,
    private readonly storage: StorageService,
  ) {
    this.budget = new WindowBudget(options.windowBudgetBytes, options.maxWindowBytes);
  }

  async open(record: SessionRecord, peer: UploadConnection, note: SessionNote): Promise<UploadSession> {
    const isNew = record.epoch === 1;
    const file = await (isNew ? this.storage.create(record) : this.storage.open(record, record.checkpoint));
    try {
      const start = await whatIsThere(file);
      await this.storage.reserve(record.fileId, Math.max(0, (record.size ?? 0) - start.offset));
      return new UploadSession(record, file, start, this.budget, this.options, peer, note);
    } catch (error) {
      await file.close();
      throw error;
    }
  }
}

/** The offset is what the store holds, never more. Only what comes after the checkpoint has to be read. */
async function whatIsThere(file: PartialFile): Promise<Checkpoint> {
  let { offset, crc32: crc } = file.durable;
  if (file.size > offset) {
    for await (const bytes of file.read(offset)) {
      crc = crc32(bytes, crc);
      offset += bytes.length;
    }
  }
  return { offset, crc32: crc };
}
