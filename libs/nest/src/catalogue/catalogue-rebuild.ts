import { Inject, Injectable, Logger } from '@nestjs/common';
import { UploadError } from '@upload-streams/protocol';
import { randomBytes, randomUUID } from 'node:crypto';
import type { CompletedFile } from '../contracts/storage-backend.js';
import { StorageService } from '../storage/storage.service.js';
import { UPLOAD_OPTIONS, type ResolvedUploadOptions } from '../upload-options.js';
import type { FileRecord } from '../contracts/records.js';
import { UPLOAD_STORE, type UploadStore } from '../contracts/upload-store.js';

export interface RebuildOptions {
  /**
   * Whether files of which no record was kept are restored too: those that were stored before there were records, and also
   * what a policy may not have inspected yet when a crash came. They get no owner. @default false
   */
  readonly unrecorded?: boolean;
}

/** How many stored files ... */
export interface RebuildCounts {
  /** ... were in the catalogue already, */
  present: number;
  /** ... are there again, */
  restored: number;
  /** ... have no record and were left alone, */
  unrecorded: number;
  /** ... could not be restored: read, or added, since another file has their session ID. */
  failed: number;
  /** Records whose bytes are not there. */
  missing: number;
}

/** Puts stored files into the catalogue that are not in it. It removes nothing, and may be run again. */
@Injectable()
export class CatalogueRebuild {
  private readonly logger = new Logger('Catalogue');

  constructor(
    @Inject(UPLOAD_OPTIONS) private readonly options: Pick<ResolvedUploadOptions, 'adoptStore'>,
    @Inject(UPLOAD_STORE) private readonly store: UploadStore,
    private readonly storage: StorageService,
  ) {}

  /** Rejects where the catalogue belongs to other files, unless the options adopt it. */
  async run({ unrecorded = false }: RebuildOptions = {}): Promise<RebuildCounts> {
    await this.storage.prepared();
    const id = await this.requireOwnCatalogue();
    const counts: RebuildCounts = { present: 0, restored: 0, unrecorded: 0, failed: 0, missing: 0 };
    const records = new Map((await this.storage.records()).map((record) => [record.fileId, record]));
    const unlisted = new Map<string, CompletedFile>();
    const stored = new Set<string>();
    for await (const file of this.storage.completedFiles()) {
      stored.add(file.fileId);
      const listed = await this.store.findFile(file.fileId);
      if (listed) counts.present++;
      else unlisted.set(file.fileId, file);
    }
    // In the order in which they were completed: lists show the newest first.
    const found = [...records.values()].filter(({ fileId }) => unlisted.has(fileId));
    for (const record of found.sort((a, b) => a.createdAt - b.createdAt)) {
      await this.restore(unlisted.get(record.fileId)!, record, counts);
      unlisted.delete(record.fileId);
    }
    counts.missing = [...records.keys()].filter((fileId) => !stored.has(fileId)).length;
    for (const file of unlisted.values()) {
      if (unrecorded) await this.restore(file, undefined, counts);
      else counts.unrecorded++;
    }
    await this.store.setIdentity(id, true);
    await this.storage.setIdentity(id);
    return counts;
  }

  private async requireOwnCatalogue(): Promise<string> {
    const [ofCatalogue, ofBytes] = [await this.store.identity(), await this.storage.identity()];
    const isForeign = ofCatalogue !== undefined && ofCatalogue !== ofBytes && (await this.store.hasFiles());
    if (isForeign && !this.options.adoptStore) {
      throw new Error(
        'The catalogue is that of other files. Move it away to rebuild a new one, or set ADOPT_STORE=true (option adoptStore)',
      );
    }
    return ofBytes ?? ofCatalogue ?? randomUUID();
  }

  /** One that fails keeps nobody from the others. */
  private async restore(file: CompletedFile, record: FileRecord | undefined, counts: RebuildCounts): Promise<void> {
    try {
      if (record && record.size !== file.size)
        throw new UploadError('SIZE_MISMATCH', { size: record.size, received: file.size });
      const outcome = await this.store.addFile(record ?? (await this.describe(file)));
      if (outcome === 'added') counts.restored++;
      else throw new Error('another file has its session ID');
    } catch (error) {
      counts.failed++;
      this.logger.warn(`The file ${file.fileId} was not restored: ${(error as Error).message}`);
    }
  }

  /** What can be known of a file without its record. Nobody owns it. */
  private async describe(file: CompletedFile): Promise<FileRecord> {
    const { fileId, fileName = fileId, modifiedAt } = file;
    const digest = await this.storage.digest({ fileId, fileName });
    return {
      fileId,
      sessionID: randomBytes(18).toString('base64url'),
      owner: null,
      fileName,
      type: 'application/octet-stream',
      metadata: {},
      ...digest,
      createdAt: modifiedAt,
    };
  }
}
