import * as fs from 'node:fs';
import { promisify } from 'node:util';

const open = promisify(fs.open);
const read = promisify(fs.read);
const stat = promisify(fs.stat);

/** An open file, and what it was like when it was opened. */
export interface OpenFile {
  readonly fd: number;
  readonly facts: fs.BigIntStats;
}

/**
 * Opens a file to read it. Without O_NONBLOCK, a FIFO that nobody writes to would hold a thread of the pool for as long;
 * four of them stop all file access of the process. Files on disk are the same with it.
 */
export async function openFile(path: string): Promise<OpenFile> {
  const fd = await open(path, fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0));
  return { fd, facts: fs.fstatSync(fd, { bigint: true }) };
}

/** What is at a path; undefined where nothing is. */
export async function statPath(path: string): Promise<fs.BigIntStats | undefined> {
  return stat(path, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
}

/** Whether there is something to read in a file whose size is 0: files of `/proc` and `/sys` report no size. */
export async function hasContent(fd: number): Promise<boolean> {
  const { bytesRead } = await read(fd, Buffer.alloc(1), 0, 1, 0);
  return bytesRead > 0;
}
