import { readFile } from 'node:fs/promises';
import type { DigestRequest } from './digest-worker.js';
import { digestOf } from './digest.js';
import { FileThread } from './file-thread.js';
import type { StoredDigest } from '../../contracts/partial-file.js';
import type { FreeMemory } from '../../performance/free-memory.js';

/** A growing file is read back and hashed each time that this much is new: 8 MiB. */
const ADVANCE_BYTES = 8 * 1024 * 1024;

/** Up to this size, a message to another thread and back costs more than the hashing: 256 KiB take under a millisecond. */
const INLINE_BYTES = 256 * 1024;

/** How many files may be in memory as a whole at once. Further ones are read by the other thread, which has one buffer. */
const INLINE_FILES = 8;

type HashingThread = FileThread<DigestRequest, StoredDigest>;

/** Reads files back and hashes them off the main thread, which SHA-256 of a gigabyte would hold up for most of a second. */
export class DigestThread {
  private readonly thread: HashingThread = new FileThread('digest-worker', import.meta.url);
  private readonly inline: InlineDigests;

  /** `sha256`: whether it is wanted beside CRC-32. `free`: called with bytes that are no longer needed. */
  constructor(
    private readonly sha256: boolean,
    free: FreeMemory,
  ) {
    this.inline = new InlineDigests(free);
  }

  /** The digests of a file that grows. */
  open(path: string): GrowingDigest {
    return new GrowingDigest(this.thread, this.inline, path, this.sha256);
  }

  close(): Promise<void> {
    return this.thread.close();
  }
}

/** Reads small files as a whole and hashes them on this thread, a few at once. */
class InlineDigests {
  private reading = 0;

  constructor(private readonly free: FreeMemory) {}

  takes(size: number): boolean {
    return size <= INLINE_BYTES && this.reading < INLINE_FILES;
  }

  async digest(path: string, sha256: boolean): Promise<StoredDigest> {
    this.reading++;
    try {
      const bytes = await readFile(path);
      const digest = digestOf(bytes, sha256);
      this.free(bytes);
      return digest;
    } finally {
      this.reading--;
    }
  }
}

/** Hashes a file while it grows, so that little is left to do at its end. */
export class GrowingDigest {
  private readonly id: number;
  private told = 0;

  constructor(
    private readonly thread: HashingThread,
    private readonly inline: InlineDigests,
    private readonly path: string,
    private readonly sha256: boolean,
  ) {
    this.id = thread.newId();
  }

  /** Everything before `offset` is written. Returns whether some of the file is hashed or about to be. */
  advance(offset: number): boolean {
    if (offset - this.told >= ADVANCE_BYTES) {
      this.told = offset;
      this.thread.tell(this.request('advance', offset));
    }
    return this.told > 0;
  }

  /** Of the first `size` bytes. */
  async finish(size: number): Promise<StoredDigest> {
    if (this.told === 0 && this.inline.takes(size)) return this.inline.digest(this.path, this.sha256);
    this.told = 0;
    return this.thread.ask(this.request('finish', size));
  }

  /** Forgets what was hashed so far; it may begin again. */
  discard(): void {
    if (this.told > 0) this.thread.tell(this.request('discard', 0));
    this.told = 0;
  }

  private request(what: DigestRequest['what'], upTo: number): DigestRequest {
    const { id, path, sha256 } = this;
    return { id, what, path, upTo, sha256 };
  }
}
