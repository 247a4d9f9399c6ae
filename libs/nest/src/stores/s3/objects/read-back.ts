import type { PassingDigests } from '../../hashing/passing-digests.js';
import type { StoredDigest } from '../../../contracts/partial-file.js';
import type { ObjectStore } from './object-store.js';

/** What goes to the hashing thread at once: 1 MiB. */
const BATCH_BYTES = 1024 * 1024;

/** Reads an object and hashes it. */
export async function readBack(store: ObjectStore, key: string, digests: PassingDigests): Promise<StoredDigest> {
  const digest = digests.open();
  try {
    for await (const batch of batched(store.read(key))) await digest.pass(batch, []);
    return (await digest.finish()).whole;
  } catch (error) {
    digest.discard();
    throw error;
  }
}

async function* batched(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let batch: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    batch.push(chunk);
    bytes += chunk.length;
    if (bytes < BATCH_BYTES) continue;
    yield Buffer.concat(batch);
    batch = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(batch);
}
