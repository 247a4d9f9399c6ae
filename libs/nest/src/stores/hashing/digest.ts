import { crc32 } from '@node-rs/crc32';
import { createHash, type Hash } from 'node:crypto';
import type { StoredDigest } from '../../contracts/partial-file.js';

/** The digests of bytes that come one after the other. */
export class RunningDigest {
  private readonly sha256: Hash | undefined;
  private crc = 0;
  private bytes = 0;

  /** SHA-256 costs several times what CRC-32 does, and not everybody wants it. */
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

  /** Nothing may come after that. */
  end(): StoredDigest {
    return { size: this.bytes, crc32: this.crc, sha256: this.sha256?.digest('hex') };
  }
}

/** The digests of bytes in memory. */
export function digestOf(bytes: Uint8Array, withSha256: boolean): StoredDigest {
  const digest = new RunningDigest(withSha256);
  digest.update(bytes);
  return digest.end();
}
