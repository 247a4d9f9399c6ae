import { crc32 } from '@node-rs/crc32';
import { createHash, type Hash } from 'node:crypto';
import type { StoredDigest } from '../../contracts/partial-file.js';

/** Computes the digest of bytes that come one after the other. */
export class RunningDigest {
  private readonly sha256: Hash | undefined;
  private crc = 0;
  private bytes = 0;

  /** `withSha256`: it costs several times what CRC-32 does, so it can be left out. */
  constructor(withSha256: boolean) {
    this.sha256 = withSha256 ? createHash('sha256') : undefined;
  }

  /** Bytes so far. */
  get size(): number {
    return this.bytes;
  }

  update(bytes: Uint8Array): void {
    this.sha256?.update(bytes);
    this.crc = crc32(bytes, this.crc);
    this.bytes += bytes.length;
  }

  /** Nothing may follow. */
  end(): StoredDigest {
    return { size: this.bytes, crc32: this.crc, sha256: this.sha256?.digest('hex') };
  }
}

/** The digest of bytes in memory. */
export function digestOf(bytes: Uint8Array, withSha256: boolean): StoredDigest {
  const digest = new RunningDigest(withSha256);
  digest.update(bytes);
  return digest.end();
}
