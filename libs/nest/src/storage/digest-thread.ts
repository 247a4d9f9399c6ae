import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { crc32 } from 'node:zlib';
import type { DigestRequest } from './digest-worker.js';
import type { StoredDigest } from './storage-backend.js';

/** A file that grows is read back and hashed each time that this much is new: 8 MiB. */
const ADVANCE_BYTES = 8 * 1024 * 1024;

/** Up to here a message to another thread and back costs more than the hashing: 256 KiB take under a millisecond. */
const INLINE_BYTES = 256 * 1024;

type Answer = { readonly id: number } & (
  { readonly result: StoredDigest } | { readonly code?: string; readonly message: string }
);

interface Waiting {
  readonly resolve: (digest: StoredDigest) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Reads files back and hashes them off the main thread: SHA-256 of a gigabyte takes most of a second, in which nothing
 * else would move. The thread is started when it is first needed.
 */
export class DigestThread {
  private worker: Worker | undefined;
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;

  /** The digests of a file that grows. */
  open(path: string): GrowingDigest {
    return new GrowingDigest(this, path, ++this.lastId);
  }

  async close(): Promise<void> {
    await this.worker?.terminate();
  }

  /** @internal */
  tell(request: DigestRequest): void {
    (this.worker ??= this.start()).postMessage(request);
  }

  /** @internal */
  ask(request: DigestRequest): Promise<StoredDigest> {
    return new Promise((resolve, reject) => {
      this.waiting.set(request.id, { resolve, reject });
      this.tell(request);
    });
  }

  private start(): Worker {
    // Beside this file, and like it a source in tests and compiled elsewhere.
    const worker = new Worker(new URL(`./digest-worker${extname(import.meta.url)}`, import.meta.url));
    worker.unref();
    worker.on('message', (answer: Answer) => this.settle(answer));
    worker.on('error', (error) => this.failAll(error));
    worker.on('exit', () => this.failAll(new Error('the thread that hashes files ended')));
    return worker;
  }

  private settle(answer: Answer): void {
    const waiting = this.waiting.get(answer.id);
    this.waiting.delete(answer.id);
    if ('result' in answer) waiting?.resolve(answer.result);
    else waiting?.reject(Object.assign(new Error(answer.message), { code: answer.code }));
  }

  private failAll(error: unknown): void {
    this.worker = undefined;
    for (const { reject } of this.waiting.values()) reject(error as Error);
    this.waiting.clear();
  }
}

/** A file is hashed while it grows, so that little is left to do at its end. */
export class GrowingDigest {
  private told = 0;

  constructor(
    private readonly thread: DigestThread,
    private readonly path: string,
    private readonly id: number,
  ) {}

  /** All before `offset` is written. Gives whether some of the file is hashed, or about to be. */
  advance(offset: number): boolean {
    if (offset - this.told >= ADVANCE_BYTES) {
      this.told = offset;
      this.thread.tell({ id: this.id, what: 'advance', path: this.path, upTo: offset });
    }
    return this.told > 0;
  }

  /** Of the first `size` bytes. */
  async finish(size: number): Promise<StoredDigest> {
    if (this.told === 0 && size <= INLINE_BYTES) return digestOf(await readFile(this.path));
    this.told = 0;
    return this.thread.ask({ id: this.id, what: 'finish', path: this.path, upTo: size });
  }

  /** What was hashed so far is of no use; it may begin again. */
  discard(): void {
    if (this.told > 0) this.thread.tell({ id: this.id, what: 'discard', path: this.path, upTo: 0 });
    this.told = 0;
  }
}

/** The digests of bytes in memory. */
export function digestOf(bytes: Uint8Array): StoredDigest {
  return { size: bytes.length, crc32: crc32(bytes), sha256: createHash('sha256').update(bytes).digest('hex') };
}
