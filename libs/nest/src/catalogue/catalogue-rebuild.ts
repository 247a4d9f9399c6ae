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
   * Whether files without a record are restored too. A crash may have come before a policy inspected such a file. They
   * get no owner. @default false
   */
  readonly unrecorded?: boolean;
}

/** How many stored files were found, by result. */
export interface RebuildCounts {
  /** In the catalogue already. */
  present: number;
  /** Added to the catalogue. */
  restored: number;
  /** Without a record, and left alone. */
  unrecorded: number;
  /** Could not be read, or could not be added because another file has the same session ID. */
  failed: number;
  /** Records whose bytes are missing. */
  missing: number;
}

/** Adds stored files that are not in the catalogue. It removes nothing, and may be run again. */
@Injectable()
export class CatalogueRebuild {
  private readonly logger = new Logger('Catalogue');

  constructor(
    @Inject(UPLOAD_OPTIONS) private readonly options: Pick<ResolvedUploadOptions, 'adoptStore'>,
    @Inject(UPLOAD_STORE) private readonly store: UploadStore,
    private readonly storage: StorageService,
  ) {}

  /** Rejects if the catalogue belongs to another storage back end, unless `adoptStore` is set. */
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
    // In the order in which they were completed, since lists show the newest first.
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

  /** Restores one file. If it fails, the others are still restored. */
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

  /** Makes the entry for a file without a record. It has no owner. */
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
