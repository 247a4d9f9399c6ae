import { ObjectStore } from './objects/object-store.js';
import { statusOf } from './objects/s3-errors.js';
import type { ResolvedS3Options } from './s3-options.js';
import { probeStore } from './store-probe.js';

/** Waits for the bucket and tries out what uploads need. Rejects with one sentence where the bucket can't be used. */
export async function requireBucket(store: ObjectStore, options: ResolvedS3Options): Promise<void> {
  const { bucket, endpoint = 'AWS' } = options;
  try {
    await findOrCreate(store, options);
  } catch (cause) {
    throw new Error(`The bucket ${bucket} at ${endpoint} can't be used: ${reasonOf(cause)}`, { cause });
  }
  try {
    await probeStore(store);
  } catch (cause) {
    const advice = await checksumAdvice(cause, options);
    throw new Error(`The bucket ${bucket} at ${endpoint} refuses what uploads need: ${reasonOf(cause)}${advice}`, {
      cause,
    });
  }
}

/** Several gateways that start at once may all create it: what counts is that it is there. */
async function findOrCreate(store: ObjectStore, { createBucket, startTimeoutMs }: ResolvedS3Options): Promise<void> {
  try {
    await store.ready(startTimeoutMs);
  } catch (error) {
    if (!createBucket || statusOf(error) !== 404) throw error;
    await store.createBucket().catch(() => undefined);
    await store.check();
  }
}

/** What to set where the store takes the same requests without CRC-32; otherwise nothing. */
async function checksumAdvice(error: unknown, options: ResolvedS3Options): Promise<string> {
  const wasRefused = (statusOf(error) ?? 0) >= 400;
  if (options.checksums === 'when_required' || !wasRefused) return '';
  const store = new ObjectStore({ ...options, checksums: 'when_required' });
  try {
    await probeStore(store);
    return '. It works without CRC-32: set S3_CHECKSUMS=when_required (option checksums)';
  } catch {
    return '';
  } finally {
    store.close();
  }
}

function reasonOf(error: unknown): string {
  const { name, message } = error as Error;
  const known: Record<number, string> = {
    301: 'it is in another region',
    403: 'access is denied; check the credentials and the policy of the bucket',
    404: 'there is no such bucket',
  };
  return known[statusOf(error) ?? 0] ?? `${name}: ${message}`;
}
