import type { SessionRecord } from '../../contracts/records.js';
import type { UploadStore } from '../../contracts/upload-store.js';
import type { TestFramework } from '../test-framework.js';
import { fileOf } from '../session-records.js';

/** A store to be tested. */
export interface UploadStoreFixture {
  readonly store: UploadStore;
  /** The same store, opened again as after a restart. */
  reopen(): Promise<UploadStore>;
  close(): Promise<void>;
}

/** Makes an empty store. */
export type CreateUploadStore = () => Promise<UploadStoreFixture>;

/** An empty store for each test, and what tests do with it. */
export function useUploadStore(create: CreateUploadStore, { beforeEach, afterEach }: TestFramework) {
  let fixture: UploadStoreFixture;

  beforeEach(async () => {
    fixture = await create();
  });
  afterEach(() => fixture.close());

  const store = () => fixture.store;
  /** A session that is created and completed. */
  const complete = async (record: SessionRecord): Promise<void> => {
    await store().create(record);
    await store().complete(record.epoch, fileOf(record));
  };
  return { store, reopen: () => fixture.reopen(), complete };
}
