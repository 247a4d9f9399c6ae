import { buffer } from 'node:stream/consumers';
import type { FileRecord } from '../../contracts/records.js';
import type { RecordKeeper, StoreIdentity } from '../../contracts/storage-backend.js';
import { isFileId } from '../file-id.js';
import { currentRecord } from '../file-record.js';
import { fileIdOf, IDENTITY, RECORDS } from './objects/keys.js';
import { bodyOfText } from './objects/object-body.js';
import type { ObjectStore } from './objects/object-store.js';

/** The record of each file in an object of its own: `records/<fileId>`. */
export class S3Records implements RecordKeeper {
  constructor(private readonly store: ObjectStore) {}

  async save(file: FileRecord): Promise<void> {
    await this.store.put(RECORDS + file.fileId, bodyOfText(JSON.stringify(file)));
  }

  async remove(fileId: string): Promise<void> {
    await this.store.remove(RECORDS + fileId);
  }

  async list(): Promise<readonly FileRecord[]> {
    const records: FileRecord[] = [];
    for await (const { key } of this.store.list.objects(RECORDS)) {
      if (!isFileId(fileIdOf(key))) continue;
      records.push(currentRecord(JSON.parse(String(await buffer(this.store.read(key)))) as FileRecord));
    }
    return records;
  }
}

/** The random ID of the store, in an object of its own. */
export class S3Identity implements StoreIdentity {
  constructor(private readonly store: ObjectStore) {}

  async read(): Promise<string | undefined> {
    if (!(await this.store.head(IDENTITY))) return undefined;
    return String(await buffer(this.store.read(IDENTITY))).trim() || undefined;
  }

  async save(id: string): Promise<void> {
    await this.store.put(IDENTITY, bodyOfText(id));
  }
}
