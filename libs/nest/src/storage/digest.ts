import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { StoredDigest } from './storage-backend.js';

/** The digests of bytes in memory. */
export function digestOf(bytes: Uint8Array): StoredDigest {
  return { size: bytes.length, crc32: crc32(bytes), sha256: createHash('sha256').update(bytes).digest('hex') };
}
