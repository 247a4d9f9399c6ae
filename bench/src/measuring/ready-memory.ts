import { rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';

const MIB = 1024 * 1024;
/** What the processes take beside the files. */
const BESIDE_BYTES = 256 * MIB;
/** Beyond this, it would be taken back before it is used. */
const MOST_BYTES = 2048 * MIB;

/**
 * Makes sure that the memory for so many bytes of files is there, by writing them to a file that is removed at once. A
 * virtual machine may give free memory back to its host within seconds, and asking for it again costs several times what
 * is measured: whoever comes first after a pause would pay for the others.
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
