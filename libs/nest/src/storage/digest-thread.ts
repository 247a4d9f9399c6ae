import { readFile } from 'node:fs/promises';
import type { DigestRequest } from './digest-worker.js';
import { digestOf } from './digest.js';
import { FileThread } from './file-thread.js';
import type { StoredDigest } from './storage-backend.js';

/** A file that grows is read back and hashed each time that this much is new: 8 MiB. */
const ADVANCE_BYTES = 8 * 1024 * 1024;

/** Up to here a message to another thread and back costs more than the hashing: 256 KiB take under a millisecond. */
const INLINE_BYTES = 256 * 1024;

type HashingThread = FileThread<DigestRequest, StoredDigest>;

/**
 * Reads files back and hashes them off the main thread: SHA-256 of a gigabyte takes most of a second, in which nothing
 * else would move.
 */
export class DigestThread {
  private readonly thread: HashingThread = new FileThread('digest-worker');

  /** Whether SHA-256 is wanted beside CRC-32. */
  constructor(private readonly sha256: boolean) {}

  /** The digests of a file that grows. */
  open(path: string): GrowingDigest {
    return new GrowingDigest(this.thread, path, this.sha256);
  }

  close(): Promise<void> {
    return this.thread.close();
  }
}

/** A file is hashed while it grows, so that little is left to do at its end. */
export class GrowingDigest {
  private readonly id: number;
  private told = 0;

  constructor(
    private readonly thread: HashingThread,
    private readonly path: string,
    private readonly sha256: boolean,
  ) {
    this.id = thread.newId();
  }

  /** All before `offset` is written. Gives whether some of the file is hashed, or about to be. */
  advance(offset: number): boolean {
    if (offset - this.told >= ADVANCE_BYTES) {
      this.told = offset;
      this.thread.tell(this.request('advance', offset));
    }
    return this.told > 0;
  }

  /** Of the first `size` bytes. */
  async finish(size: number): Promise<StoredDigest> {
    if (this.told === 0 && size <= INLINE_BYTES) return digestOf(await readFile(this.path), this.sha256);
    this.told = 0;
    return this.thread.ask(this.request('finish', size));
  }

  /** What was hashed so far is of no use; it may begin again. */
  discard(): void {
    if (this.told > 0) this.thread.tell(this.request('discard', 0));
    this.told = 0;
  }

  private request(what: DigestRequest['what'], upTo: number): DigestRequest {
    const { id, path, sha256 } = this;
    return { id, what, path, upTo, sha256 };
  }
}
