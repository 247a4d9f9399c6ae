import { FileThread } from './file-thread.js';
import type { PartDigest, PassingAnswer, PassingRequest } from './passing-digest-worker.js';
import type { StoredDigest } from '../../contracts/partial-file.js';

/** Which digests are wanted beside CRC-32. */
type WantedDigests = Pick<PassingRequest, 'md5' | 'sha256'>;

/** Hashes bytes on their way to the store, off the main thread: they are moved to a thread and back, not copied. */
export class PassingDigests {
  private readonly thread = new FileThread<PassingRequest, PassingAnswer>('passing-digest-worker', import.meta.url);

  constructor(private readonly wanted: WantedDigests) {}

  open(): PassingDigest {
    return new PassingDigest(this.thread, this.wanted);
  }

  close(): Promise<void> {
    return this.thread.close();
  }
}

/** The digest of one file, whose bytes pass in their order. */
export class PassingDigest {
  private readonly stream: number;

  constructor(
    private readonly thread: FileThread<PassingRequest, PassingAnswer>,
    private readonly wanted: WantedDigests,
  ) {
    this.stream = thread.newId();
  }

  /**
   * Returns the bytes once they are hashed, in memory of their own, with the digests of the parts that end at `cuts`,
   * positions within them. The memory that was passed must not be used any more.
   */
  async pass(bytes: Uint8Array, cuts: readonly number[]): Promise<{ bytes: Uint8Array; parts: readonly PartDigest[] }> {
    const own = inOwnMemory(bytes);
    const request = { ...this.request('pass'), bytes: own, cuts };
    const { bytes: passed, parts } = await this.thread.ask(request, [own.buffer]);
    return { bytes: passed!, parts };
  }

  /** Of everything that passed, and of the last part. */
  async finish(): Promise<{ whole: StoredDigest; last: PartDigest }> {
    const { whole, parts } = await this.thread.ask(this.request('finish'));
    return { whole: whole!, last: parts[0]! };
  }

  discard(): void {
    this.thread.tell(this.request('discard'));
  }

  private request(what: PassingRequest['what']): PassingRequest {
    return { id: this.thread.newId(), stream: this.stream, what, ...this.wanted };
  }
}

/** Memory that is shared with other values can't be moved, so it is copied. */
function inOwnMemory(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteLength } = bytes;
  const alone = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
  return alone ? new Uint8Array(buffer) : Uint8Array.from(bytes);
}
