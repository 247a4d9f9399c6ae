import { sha256OfFile } from '@upload-streams/testing';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobFile } from '../client/job.ts';
import type { Case } from './case.ts';

/** The files that a case uploads. All contenders share them, so that they are in the system's cache for each. */
export interface Sources {
  readonly warmUp: JobFile;
  readonly files: readonly JobFile[];
  readonly sha256: readonly string[];
}

const MIB = 1024 * 1024;
const PIECE_BYTES = 16 * MIB;
/** Warm-up files are as large as the measured ones, to take the same path through the code: 64 MiB at most for all at once. */
const LARGEST_WARM_UP_BYTES = 64 * MIB;

export async function makeSources(folder: string, what: Case): Promise<Sources> {
  await mkdir(folder);
  const { files, warmUpBytes = Math.min(files.bytes, Math.ceil(LARGEST_WARM_UP_BYTES / what.atOnce)) } = what;
  const warmUp = await randomFile(folder, 'warm-up.bin', warmUpBytes);
  const made = [];
  for (let n = 0; n < files.count; n++) {
    const make = files.sparse ? sparseFile : randomFile;
    made.push(await make(folder, `file-${n}.bin`, files.bytes));
  }
  return { warmUp: warmUp.file, files: made.map(({ file }) => file), sha256: made.map(({ sha256 }) => sha256) };
}

async function randomFile(folder: string, name: string, size: number): Promise<{ file: JobFile; sha256: string }> {
  const path = join(folder, name);
  const hash = createHash('sha256');
  const handle = await open(path, 'w');
  for (let left = size; left > 0; left -= PIECE_BYTES) {
    const piece = randomBytes(Math.min(left, PIECE_BYTES));
    hash.update(piece);
    await handle.write(piece);
  }
  await handle.close();
  return { file: { path, size, name }, sha256: hash.digest('hex') };
}

/** Zeros that take no space on the disk. */
async function sparseFile(folder: string, name: string, size: number): Promise<{ file: JobFile; sha256: string }> {
  const path = join(folder, name);
  await writeFile(path, '');
  await truncate(path, size);
  return { file: { path, size, name }, sha256: await sha256OfFile(path) };
}
