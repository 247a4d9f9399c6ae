import type { Quarantine, Quarantined } from '../../contracts/storage-backend.js';
import { isFileId } from '../file-id.js';
import { fileIdOf, FILES, QUARANTINE, quarantineKey, TAILS } from './objects/keys.js';
import { EMPTY_BODY } from './objects/object-body.js';
import type { ObjectStore } from './objects/object-store.js';

const ENTRY = /^quarantine\/([0-9a-f]{32})\/(\d{1,15})$/;

/** Marks orphaned bytes by an empty object `quarantine/<fileId>/<milliseconds since 1970>`; they stay where they are. */
export class S3Quarantine implements Quarantine {
  /** `minAgeMs`: younger uploads may be about to be saved by another gateway, and are left out. */
  constructor(
    private readonly store: ObjectStore,
    private readonly minAgeMs: number,
    private readonly discard: (fileId: string) => Promise<void>,
  ) {}

  async unfinished(): Promise<readonly string[]> {
    const before = Date.now() - this.minAgeMs;
    const found = new Set<string>();
    for await (const { key, modifiedAt } of this.store.list.objects(TAILS)) {
      if (modifiedAt <= before) found.add(fileIdOf(key));
    }
    for await (const { key, begunAt } of this.store.list.uploads(FILES)) {
      if (begunAt <= before) found.add(fileIdOf(key));
    }
    for (const { fileId } of await this.list()) found.delete(fileId);
    return [...found].filter(isFileId);
  }

  async add(fileId: string): Promise<void> {
    await this.store.put(quarantineKey(fileId, Date.now()), EMPTY_BODY);
  }

  async list(): Promise<readonly Quarantined[]> {
    const found: Quarantined[] = [];
    for await (const { key } of this.store.list.objects(QUARANTINE)) {
      const [, fileId, since] = ENTRY.exec(key) ?? [];
      if (fileId !== undefined) found.push({ fileId, since: Number(since) });
    }
    return found;
  }

  async remove({ fileId, since }: Quarantined): Promise<void> {
    await this.discard(fileId);
    await this.store.remove(quarantineKey(fileId, since));
  }
}
