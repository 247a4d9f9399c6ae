import { buffer } from 'node:stream/consumers';
import type { PartialFile } from '../../contracts/partial-file.js';
import type { ByteRange, StorageBackend } from '../../contracts/storage-backend.js';
import type { TestFramework } from '../test-framework.js';

/** A back end to be tested. */
export interface StorageBackendFixture {
  readonly backend: StorageBackend;
  /** The same storage, opened again as after a restart. */
  reopen(): Promise<StorageBackend>;
  close(): Promise<void>;
}

/** Makes an empty store. */
export type CreateStorageBackend = () => Promise<StorageBackendFixture>;

export const FILE = { fileId: 'a1b2'.repeat(8), fileName: 'report.txt' };

/** A copy: bytes that are appended belong to the back end. */
export const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** An empty store for each test, and what tests do with it. */
export function useStorageBackend(create: CreateStorageBackend, { beforeEach, afterEach }: TestFramework) {
  let fixture: StorageBackendFixture;

  beforeEach(async () => {
    fixture = await create();
    await fixture.backend.prepare();
  });
  afterEach(() => fixture.close());

  const backend = () => fixture.backend;
  /** A partial file with some content. */
  const write = async (content: string): Promise<PartialFile> => {
    const partial = await backend().create(FILE);
    await partial.append(0, text(content));
    return partial;
  };
  /** A completed file. */
  const store = async (content: string): Promise<void> => {
    const partial = await write(content);
    await partial.complete();
    await partial.close();
  };
  const contentOf = async (file = FILE, range?: ByteRange): Promise<string> =>
    String(await buffer(backend().read(file, range)));
  return { backend, reopen: () => fixture.reopen(), write, store, contentOf };
}
