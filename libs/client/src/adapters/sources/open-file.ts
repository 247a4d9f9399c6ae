import * as fs from 'node:fs';
import { promisify } from 'node:util';

const open = promisify(fs.open);
const read = promisify(fs.read);
const stat = promisify(fs.stat);

/** An open file, and its facts when it was opened. */
export interface OpenFile {
  readonly fd: number;
  readonly facts: fs.BigIntStats;
}

/**
 * Opens a file for reading. Without O_NONBLOCK, a FIFO without a writer would block a thread of the pool, and four of them
 * all file access of the process. Regular files are read the same way with it.
 */
export async function openFile(path: string): Promise<OpenFile> {
  const fd = await open(path, fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0));
  return { fd, facts: fs.fstatSync(fd, { bigint: true }) };
}

/** Returns what is at a path; undefined if there is nothing. */
export async function statPath(path: string): Promise<fs.BigIntStats | undefined> {
  return stat(path, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
}

/** Whether a file of size 0 has content. Files in `/proc` and `/sys` report no size. */
export async function hasContent(fd: number): Promise<boolean> {
  const { bytesRead } = await read(fd, Buffer.alloc(1), 0, 1, 0);
  return bytesRead > 0;
}
