import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { FileAnswer } from './file-answer.js';

interface Waiting<Result> {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A thread of its own for work on files, started when it is first needed. A message between threads costs more than much
 * of the work: all that is asked in one turn of the event loop goes in one message, an array, and so do the answers.
 */
export class FileThread<Request extends { readonly id: number }, Result> {
  private worker: Worker | undefined;
  private outbox: Request[] = [];
  private moved: ArrayBuffer[] = [];
  private readonly waiting = new Map<number, Waiting<Result>>();
  private lastId = 0;
  private closed = false;

  /** `script` is the name, without an extension, of a file beside this one: a source in tests, compiled elsewhere. */
  constructor(private readonly script: string) {}

  /** Names a request, or requests that belong together. */
  newId(): number {
    return ++this.lastId;
  }

  /** For what has no answer. `moved` is memory that goes to the thread, instead of a copy of it. */
  tell(request: Request, moved: readonly ArrayBuffer[] = []): void {
    this.moved.push(...moved);
    if (this.outbox.push(request) === 1) setImmediate(() => this.send());
  }

  ask(request: Request, moved: readonly ArrayBuffer[] = []): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.waiting.set(request.id, { resolve, reject });
      this.tell(request, moved);
    });
  }

  /** What is asked from now on fails. */
  async close(): Promise<void> {
    this.closed = true;
    await this.worker?.terminate();
  }

  private send(): void {
    if (this.closed) {
      this.outbox = [];
      return this.failAll(new Error('a thread that works on files was closed'));
    }
    (this.worker ??= this.start()).postMessage(this.outbox.splice(0), this.moved.splice(0));
  }

  private start(): Worker {
    const worker = new Worker(new URL(`./${this.script}${extname(import.meta.url)}`, import.meta.url));
    worker.unref();
    worker.on('message', (answers: readonly FileAnswer<Result>[]) => answers.forEach((answer) => this.settle(answer)));
    worker.on('error', (error) => this.failAll(error));
    worker.on('exit', () => this.failAll(new Error('a thread that works on files ended')));
    return worker;
  }

  private settle(answer: FileAnswer<Result>): void {
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
