import type { NodeSource } from '@upload-streams/client/node';
import { sha256 } from '@upload-streams/testing';
import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';

const KIB = 1024;
const MIB = KIB * KIB;
/** The largest offset in the pool at which a source starts. */
const SPREAD_BYTES = MIB;
const KINDS = ['buffer', 'path', 'stream'] as const;

/** A file to upload, of a random size and kind. */
export interface SoakSource {
  readonly kind: (typeof KINDS)[number];
  readonly size: number;
  readonly sha256: string;
  readonly source: NodeSource;
  /** Removes its file, if it has one. */
  readonly dispose: () => Promise<void>;
}

/** Makes sources from one pool of random bytes, so that memory does not grow with the files. */
export class SoakSources {
  private readonly folder: string;
  private readonly maxBytes: number;
  private readonly pool: Buffer;

  constructor(folder: string, maxBytes: number) {
    this.folder = folder;
    this.maxBytes = maxBytes;
    this.pool = randomBytes(maxBytes + SPREAD_BYTES);
  }

  /** Sizes are distributed logarithmically from 1 KiB: as many from 1 to 2 KiB as from 64 to 128 MiB. */
  async next(): Promise<SoakSource> {
    const size = Math.round(KIB * (this.maxBytes / KIB) ** Math.random());
    const start = randomInt(SPREAD_BYTES);
    const bytes = this.pool.subarray(start, start + size);
    const kind = KINDS[randomInt(KINDS.length)]!;
    const made = { kind, size, sha256: sha256(bytes) };
    if (kind === 'buffer') return { ...made, source: bytes, dispose: async () => undefined };
    if (kind === 'stream') return { ...made, source: Readable.from(pieces(bytes)), dispose: async () => undefined };
    const path = join(this.folder, randomUUID());
    await writeFile(path, bytes);
    return { ...made, source: path, dispose: () => rm(path) };
  }
}

/** Pieces of random length, like those of a live stream. */
function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let start = 0; start < bytes.length;) {
    const end = start + 1 + randomInt(256 * KIB);
    yield bytes.subarray(start, end);
    start = end;
  }
}
