import { createHash } from 'node:crypto';
import type { StoredDigest } from '../../../contracts/partial-file.js';
import type { PartDigest } from '../../hashing/passing-digest-worker.js';

/** What the store says of an object that it has. */
export interface StoredObject {
  /** Without its quotes. As a rule, the MD5 of an object of one part, and of several parts that of their MD5s. */
  readonly etag: string;
  /** Undefined where the store computes none of its own. */
  readonly crc32: number | undefined;
}

/** The answer to a call that stores an object or asks for it. */
export function storedObject(answer: { ETag?: string | undefined; ChecksumCRC32?: string | undefined }): StoredObject {
  const { ETag = '', ChecksumCRC32 } = answer;
  return { etag: ETag.replaceAll('"', ''), crc32: ChecksumCRC32 === undefined ? undefined : crc32Of(ChecksumCRC32) };
}

/** A CRC-32 as S3 writes it: four bytes, the highest first, in base64. */
export function base64Of(crc32: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32);
  return bytes.toString('base64');
}

function crc32Of(base64: string): number | undefined {
  const bytes = Buffer.from(base64, 'base64');
  return bytes.length === 4 ? bytes.readUInt32BE() : undefined;
}

/**
 * Whether what the store says of an object proves that it has what was sent: by its own CRC-32 of the whole, or by ETags
 * that are MD5s. A store that encrypts with keys of its own has other ETags, which prove nothing.
 */
export function isProven(object: StoredObject, sent: StoredDigest, parts: readonly PartDigest[]): boolean {
  if (object.crc32 !== undefined) return object.crc32 === sent.crc32;
  const md5s = parts.map(({ md5 }) => md5).filter((md5) => md5 !== undefined);
  return md5s.length === parts.length && object.etag === etagOf(md5s);
}

/** Of one part its MD5; of several the MD5 of their MD5s, and how many there are. */
function etagOf(md5s: readonly Buffer[]): string {
  const [only] = md5s;
  if (md5s.length === 1 && only) return only.toString('hex');
  return `${createHash('md5').update(Buffer.concat(md5s)).digest('hex')}-${md5s.length}`;
}
