import {
  RESUME_RECORD_MAX_AGE_MS,
  type ResumeProgress,
  type ResumeRecord,
  type ResumeStore,
} from '../../ports/resume-store.js';
import { MemoryResumeStore } from './memory-resume-store.js';

const DATABASE = 'upload-streams';
const RECORDS = 'unfinished';

/**
 * Stores records in the browser's database, which can store a `FileSystemFileHandle`. If the browser can't store a record (a
 * private window, a policy, a full disk, no database at all), it is kept in memory as long as the page is open.
 */
export class IndexedDbResumeStore implements ResumeStore {
  private readonly memory = new MemoryResumeStore();
  private database: Promise<IDBDatabase> | undefined;

  async put(record: ResumeRecord): Promise<void> {
    try {
      // Strict: the record survives a power cut. Progress may lag behind.
      await this.run((records) => records.put(record), 'strict');
    } catch (error) {
      // If the browser can't store the handle, the rest of the record is stored without it.
      const uncloneable = error instanceof DOMException && error.name === 'DataCloneError';
      await (uncloneable && record.handle ? this.put({ ...record, handle: undefined }) : this.memory.put(record));
    }
  }

  async update(sessionID: string, progress: ResumeProgress): Promise<void> {
    await this.memory.update(sessionID, progress);
    await this.attempt((records) => {
      const found: IDBRequest<ResumeRecord | undefined> = records.get(sessionID);
      found.onsuccess = () => found.result && records.put({ ...found.result, ...progress });
      return found;
    });
  }

  async list(): Promise<readonly ResumeRecord[]> {
    const oldest = Date.now() - RESUME_RECORD_MAX_AGE_MS;
    const stored = await this.attempt((records) => {
      const all: IDBRequest<ResumeRecord[]> = records.getAll();
      all.onsuccess = () => {
        for (const { sessionID, updatedAt } of all.result) if (updatedAt < oldest) records.delete(sessionID);
      };
      return all;
    });
    return [...(stored ?? []), ...(await this.memory.list())]
      .filter(({ updatedAt }) => updatedAt >= oldest)
      .sort((one, other) => other.updatedAt - one.updatedAt);
  }

  async remove(sessionID: string): Promise<void> {
    await this.memory.remove(sessionID);
    await this.attempt((records) => records.delete(sessionID));
  }

  private attempt<T>(work: (records: IDBObjectStore) => IDBRequest<T>): Promise<T | undefined> {
    return this.run(work).catch(() => undefined);
  }

  /** Runs one transaction. Resolves with the result of the request when it is committed. */
  private async run<T>(
    work: (records: IDBObjectStore) => IDBRequest<T>,
    durability: IDBTransactionDurability = 'default',
  ): Promise<T> {
    const database = await (this.database ??= this.open());
    return new Promise<T>((resolve, reject) => {
      const transaction = database.transaction(RECORDS, 'readwrite', { durability });
      const request = work(transaction.objectStore(RECORDS));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  }

  private open(): Promise<IDBDatabase> {
    return new Promise((resolve, reject) => {
      const request = indexedDB.open(DATABASE, 1);
      request.onupgradeneeded = () => void request.result.createObjectStore(RECORDS, { keyPath: 'sessionID' });
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        const reopen = () => (this.database = undefined);
        // A later version of the page must not wait for this one. Clearing the site's data closes the database, too.
        request.result.onversionchange = () => {
          reopen();
          request.result.close();
        };
        request.result.onclose = reopen;
        resolve(request.result);
      };
    });
  }
}
