import { closeSync, fsync, fsyncSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parentPort, receiveMessageOnPort } from 'node:worker_threads';
import { digestOf } from '../hashing/digest.ts';
import { batchOf, failed, itemsOf, onRequests, type FileAnswer } from '../hashing/file-answer.ts';
import type { StoredDigest } from '../../contracts/partial-file.js';

// Runs in a thread of its own, started by `DiskStorage`. A small file takes nine system calls, each shorter than the way to
// the thread pool and back: here they are made one after the other, without promises. Only the syncs of a round go to the
// pool together, so that the file system writes its journal once for several files. Requests that come meanwhile share the
// next round.

/** Stores `bytes` as `folder`/`storedName`; the folder is made, in `parent`. */
export interface WholeFileRequest {
  readonly id: number;
  readonly parent: string;
  readonly folder: string;
  readonly storedName: string;
  readonly bytes: Uint8Array;
  /** Whether SHA-256 is wanted beside CRC-32. */
  readonly sha256: boolean;
}

type Stored = FileAnswer<StoredDigest>;

const syncFile = promisify(fsync);

class WholeFile {
  private readonly request: WholeFileRequest;
  private fd = -1;
  private failure: unknown;

  constructor(request: WholeFileRequest) {
    this.request = request;
  }

  /** After a failed step, the others are left out. */
  async attempt(step: () => void | Promise<void>): Promise<void> {
    if (this.failure !== undefined) return;
    try {
      await step();
    } catch (error) {
      this.failure = error;
    }
  }

  readonly write = (): void => {
    const { parent, folder, storedName, bytes } = this.request;
    mkdirSync(join(parent, folder), { mode: 0o700 });
    this.fd = openSync(join(parent, folder, storedName), 'wx+', 0o600);
    for (let written = 0; written < bytes.length;) {
      written += writeSync(this.fd, bytes, written, bytes.length - written, written);
    }
  };

  readonly sync = (): Promise<void> => syncFile(this.fd);

  readonly syncFolder = (): void => syncFolderNow(join(this.request.parent, this.request.folder));

  answer(): Stored {
    const { id, sha256 } = this.request;
    try {
      if (this.failure !== undefined) return failed(id, this.failure);
      return { id, result: digestOf(this.readBack(), sha256) };
    } catch (error) {
      return failed(id, error);
    } finally {
      if (this.fd >= 0) closeSync(this.fd);
    }
  }

  /** What is stored, from the start on; shorter than what was written where the file is shorter. */
  private readBack(): Uint8Array {
    const stored = Buffer.allocUnsafe(this.request.bytes.length);
    let filled = 0;
    for (let read = -1; read !== 0 && filled < stored.length; filled += read) {
      read = readSync(this.fd, stored, filled, stored.length - filled, filled);
    }
    return stored.subarray(0, filled);
  }
}

async function store(requests: readonly WholeFileRequest[]): Promise<Stored[]> {
  const files = requests.map((request) => new WholeFile(request));
  const inEach = (step: (file: WholeFile) => () => void | Promise<void>) =>
    Promise.all(files.map((file) => file.attempt(step(file))));
  await inEach((file) => file.write);
  await inEach((file) => file.sync);
  await inEach((file) => file.syncFolder);
  const parents = new Set(requests.map(({ parent }) => parent));
  const syncParents = sharedStep(() => parents.forEach((parent) => syncFolderNow(parent)));
  await inEach(() => syncParents);
  return files.map((file) => file.answer());
}

/** Windows can't open folders, and its NTFS journals names by itself. */
function syncFolderNow(path: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** Done once for all files of a round; where it fails, it fails for each of them. */
function sharedStep(work: () => void): () => void {
  let outcome: { readonly error?: unknown } | undefined;
  return () => {
    outcome ??= attemptOnce(work);
    if ('error' in outcome) throw outcome.error;
  };
}

function attemptOnce(work: () => void): { readonly error?: unknown } {
  try {
    work();
    return {};
  } catch (error) {
    return { error };
  }
}

onRequests<WholeFileRequest>(parentPort, (first) => {
  const requests = [...first];
  for (let more; (more = receiveMessageOnPort(parentPort!)) !== undefined;) {
    requests.push(...itemsOf<WholeFileRequest>(more.message));
  }
  const answered = store(requests).catch((error: unknown) => requests.map(({ id }) => failed(id, error)));
  void answered.then((answers) => parentPort!.postMessage(batchOf(answers)));
});
