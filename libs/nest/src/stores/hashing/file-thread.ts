import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { batchOf, itemsOf, type FileAnswer } from './file-answer.js';

interface Waiting<Result> {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A thread for work on files, started when it is first needed. A message between threads often costs more than the work,
 * so all requests of one turn of the event loop go in one message, and so do the answers.
 */
export class FileThread<Request extends { readonly id: number }, Result> {
  private worker: Worker | undefined;
  private outbox: Request[] = [];
  private moved: ArrayBuffer[] = [];
  private readonly waiting = new Map<number, Waiting<Result>>();
  private lastId = 0;
  private closed = false;

  private readonly script: URL;

  /**
   * `script` is the path, without its extension, of the worker's file, relative to the caller's `import.meta.url`: a
   * TypeScript source in tests, compiled elsewhere.
   */
  constructor(script: string, callerUrl: string) {
    this.script = new URL(`./${script}${extname(callerUrl)}`, callerUrl);
  }

  /** Names a request, or requests that belong together. */
  newId(): number {
    return ++this.lastId;
  }

  /** For requests without an answer. `moved`: memory that is moved to the thread instead of copied. */
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

  /** Requests from now on fail. */
  async close(): Promise<void> {
    this.closed = true;
    await this.worker?.terminate();
  }

  private send(): void {
    if (this.closed) {
      this.outbox = [];
      return this.failAll(new Error('a thread that works on files was closed'));
    }
    const requests = this.outbox.splice(0);
    try {
      (this.worker ??= this.start()).postMessage(batchOf(requests), this.moved.splice(0));
    } catch (error) {
      // No thread could be started, or memory can't be moved.
      requests.forEach(({ id }) => this.reject(id, error));
    }
  }

  private start(): Worker {
    const worker = new Worker(this.script);
    worker.unref();
    worker.on('message', (message) => itemsOf<FileAnswer<Result>>(message).forEach((answer) => this.settle(answer)));
    // The end of a thread that was replaced concerns nobody.
    const ended = (error: Error) => this.worker === worker && this.failAll(error);
    worker.on('messageerror', ended);
    worker.on('error', ended);
    worker.on('exit', () => ended(new Error('a thread that works on files ended')));
    return worker;
  }

  private settle(answer: FileAnswer<Result>): void {
    if (!('result' in answer)) {
      return this.reject(answer.id, Object.assign(new Error(answer.message), { code: answer.code }));
    }
    this.waiting.get(answer.id)?.resolve(answer.result);
    this.waiting.delete(answer.id);
  }

  private reject(id: number, error: unknown): void {
    this.waiting.get(id)?.reject(error as Error);
    this.waiting.delete(id);
  }

  private failAll(error: unknown): void {
    this.worker = undefined;
    for (const { reject } of this.waiting.values()) reject(error as Error);
    this.waiting.clear();
  }
}
