import { Inject, Injectable, Logger } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { StorageService } from '../storage/storage.service.js';
import { UPLOAD_OPTIONS, type ResolvedUploadOptions } from '../upload-options.js';
import { UPLOAD_STORE, type UploadStore } from '../contracts/upload-store.js';

const REMEDIES =
  'Nothing was changed. Restore the one that is missing from a backup, rebuild the catalogue from the stored files ' +
  '(npm run catalogue:rebuild), or, if they are meant to go together, start once with ADOPT_STORE=true (option adoptStore)';

/**
 * Compares the random IDs of the catalogue and of the storage back end, which must be the same. A lost catalogue, or a
 * gateway that was started with another folder, bucket or database, is noticed before anything is stored or removed.
 */
@Injectable()
export class StorePairing {
  private readonly logger = new Logger(StorePairing.name);

  constructor(
    @Inject(UPLOAD_OPTIONS) private readonly options: Pick<ResolvedUploadOptions, 'adoptStore'>,
    @Inject(UPLOAD_STORE) private readonly store: UploadStore,
    private readonly storage: StorageService,
  ) {}

  /** Rejects if the two do not belong together, with a sentence that says what was found and what to do. */
  async pair(): Promise<void> {
    await this.storage.prepared();
    const [ofCatalogue, ofBytes] = [await this.store.identity(), await this.storage.identity()];
    if (ofCatalogue !== undefined && ofCatalogue === ofBytes) {
      await this.store.setIdentity(ofCatalogue);
      return;
    }
    const problem = await this.problem(ofCatalogue, ofBytes);
    if (problem && !this.options.adoptStore) throw new Error(`${problem}. ${REMEDIES}`);
    if (problem) this.logger.warn(`${problem}. ADOPT_STORE is set: they belong together from now on`);
    const id = await this.store.setIdentity(ofBytes ?? ofCatalogue ?? randomUUID(), problem !== undefined);
    if (id !== ofBytes) await this.storage.setIdentity(id);
  }

  /** Why the two do not belong together; undefined if they may, at the first start or the first after an update. */
  private async problem(ofCatalogue: string | undefined, ofBytes: string | undefined): Promise<string | undefined> {
    const [isListed, isStored] = [await this.store.hasFiles(), await this.storage.hasFiles()];
    if (ofCatalogue !== undefined && ofBytes !== undefined) {
      return 'The catalogue and the stored files are of different installations: their IDs differ';
    }
    if (isStored && !isListed) return 'There are stored files, but the catalogue is empty';
    if (isListed && !isStored) return 'The catalogue lists files, but no stored file is there';
    if (ofBytes !== undefined && isListed) return 'The stored files belong to another catalogue than this one';
    return undefined;
  }
}
