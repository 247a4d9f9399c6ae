import { createHash } from 'node:crypto';
import type { PartDigest } from '../hashing/passing-digest-worker.js';
import type { StoredDigest } from '../../contracts/storage-backend.js';
import type { StoredObject } from './object-store.js';

/**
 * Whether what the store says of an object proves that it has what was sent: its own CRC-32 of the whole, or ETags of MD5s.
 * A store that says neither proves nothing, and one that encrypts by keys of its own has other ETags.
 */
export function isProven(object: StoredObject, sent: StoredDigest, parts: readonly PartDigest[]): boolean {
  if (object.crc32 !== undefined) return object.crc32 === sent.crc32;
  const md5s = parts.map(({ md5 }) => md5).filter((md5) => md5 !== undefined);
  return md5s.length === parts.length && object.etag === etagOf(md5s);
}

/** Of one part its MD5, of several the MD5 of their MD5s and how many they are. */
function etagOf(md5s: readonly Buffer[]): string {
  const [only] = md5s;
  if (md5s.length === 1 && only) return only.toString('hex');
  return `${createHash('md5').update(Buffer.concat(md5s)).digest('hex')}-${md5s.length}`;
}
