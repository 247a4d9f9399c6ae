import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { crc32 } from 'node:zlib';
import type { StoredDigest } from './storage-backend.js';

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

  async digest(path: string, size: number): Promise<StoredDigest> {
    return size <= INLINE_BYTES ? digestOf(await readFile(path)) : this.ask(path);
  }

  async close(): Promise<void> {
    await this.worker?.terminate();
  }

  private ask(path: string): Promise<StoredDigest> {
    const worker = (this.worker ??= this.start());
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      worker.postMessage({ id, path });
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

function digestOf(bytes: Uint8Array): StoredDigest {
  return { size: bytes.length, crc32: crc32(bytes), sha256: createHash('sha256').update(bytes).digest('hex') };
}
