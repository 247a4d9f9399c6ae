import { crc32 } from '@node-rs/crc32';
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { TusProblem } from './tus-problem.js';

/** Computes a checksum piece by piece. */
interface Digest {
  update(piece: Uint8Array): unknown;
  digest(): Buffer;
}

const DIGESTS: Readonly<Record<string, () => Digest>> = {
  crc32: () => new Crc32Digest(),
  md5: () => createHash('md5'),
  sha1: () => createHash('sha1'),
  sha256: () => createHash('sha256'),
};

export const CHECKSUM_ALGORITHMS = Object.keys(DIGESTS);

/** The checksum that a client sent with a body, and that of the bytes that arrived. */
export class UploadChecksum {
  private constructor(
    private readonly digest: Digest,
    private readonly expected: Buffer,
  ) {}

  /** undefined without `Upload-Checksum`. Throws if the header is not valid or its algorithm not supported. */
  static of({ 'upload-checksum': header }: IncomingHttpHeaders): UploadChecksum | undefined {
    if (header === undefined) return undefined;
    const [, algorithm = '', sum = ''] = /^(\S+) ([A-Za-z0-9+/]+={0,2})$/.exec(String(header)) ?? [];
    if (algorithm === '') throw new TusProblem('HEADER', { header: 'Upload-Checksum' });
    if (!Object.hasOwn(DIGESTS, algorithm)) throw new TusProblem('ALGORITHM');
    return new UploadChecksum(DIGESTS[algorithm]!(), Buffer.from(sum, 'base64'));
  }

  update(piece: Uint8Array): void {
    this.digest.update(piece);
  }

  /** Throws 460 if other bytes arrived than were sent. */
  verify(): void {
    if (!this.digest.digest().equals(this.expected)) throw new TusProblem('CHECKSUM');
  }
}

/** Four bytes, the most significant first, as other servers of tus compare it. */
class Crc32Digest implements Digest {
  private value = 0;

  update(piece: Uint8Array): void {
    this.value = crc32(piece, this.value);
  }

  digest(): Buffer {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(this.value);
    return bytes;
  }
}
