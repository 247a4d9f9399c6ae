import { randomUUID } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { bodyOf } from './objects/object-body.js';
import type { ObjectStore } from './objects/object-store.js';

/** Where the probe writes; other programs have no reason to. */
const PROBES = 'upload-streams-probe/';

const CONTENT = Buffer.from('Upload Streams tries out what it will use of this store.\n');

/**
 * Stores, reads and removes two small objects, one in one request and one as a multipart upload: a store that refuses any
 * of it shows that at the start, not with the first upload. Throws the error of the step that failed.
 */
export async function probeStore(store: ObjectStore): Promise<void> {
  const key = PROBES + randomUUID();
  try {
    await store.put(key, bodyOf(CONTENT));
    await requireContent(store, key);
    const uploadId = await store.createUpload(key);
    const { etag } = await store.uploadPart(key, uploadId, 1, bodyOf(CONTENT));
    await store.completeUpload(key, uploadId, [{ PartNumber: 1, ETag: `"${etag}"` }], undefined);
    await requireContent(store, key);
  } finally {
    await removeProbe(store, key);
  }
}

async function requireContent(store: ObjectStore, key: string): Promise<void> {
  const stored = await buffer(store.read(key));
  if (!stored.equals(CONTENT)) throw new Error('it returned other bytes than were stored');
}

/** A failed clean-up must not hide why the probe failed. What stays has a key that says what it is. */
async function removeProbe(store: ObjectStore, key: string): Promise<void> {
  try {
    for await (const { key: found, uploadId } of store.list.uploads(key)) await store.abortUpload(found, uploadId);
    await store.remove(key);
  } catch {
    // The start fails anyway, or the store is slow to remove.
  }
}
