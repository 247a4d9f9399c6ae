import { rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';

const MIB = 1024 * 1024;
/** Memory for the processes, in addition to the files. */
const BESIDE_BYTES = 256 * MIB;
/** More would be taken back before it is used. */
const MOST_BYTES = 2048 * MIB;

/**
 * Makes sure that the system has memory for this many bytes of files, by writing a file of that size and removing it. A
 * virtual machine may return free memory to its host within seconds. Getting it back costs several times what is measured,
 * and the first contender after a pause would pay for all others.
 */
export async function readyMemory(folder: string, fileBytes: number): Promise<void> {
  const path = join(folder, 'scratch');
  const piece = Buffer.alloc(MIB);
  const file = await open(path, 'w');
  try {
    const bytes = Math.min(fileBytes + BESIDE_BYTES, MOST_BYTES);
    for (let written = 0; written < bytes; written += piece.length) await file.write(piece);
  } finally {
    await file.close();
    rmSync(path);
  }
}
