import type { ChosenFiles } from '../chosen-file';
import { droppedHandle } from '../file-access';

/** Returns all files of a drop, also those in folders. Call it while the `drop` event is handled: later there are none. */
export async function readDroppedFiles(transfer: DataTransfer): Promise<ChosenFiles> {
  const items = Array.from(transfer.items).filter(({ kind }) => kind === 'file');
  const entries = items.map((item) => item.webkitGetAsEntry());
  const plain = items.map((item, at) => (entries[at]?.isDirectory ? null : item.getAsFile()));
  const handles = items.map((item, at) => (plain[at] ? droppedHandle(item) : undefined));
  const read = await Promise.all(
    entries.map(async (entry, at): Promise<ChosenFiles> => {
      if (entry?.isDirectory) return readFolder(entry as FileSystemDirectoryEntry);
      const file = plain[at];
      return file ? { files: [{ file, handle: await handles[at] }], unreadable: 0 } : UNREADABLE;
    }),
  );
  return joined(read);
}

const UNREADABLE: ChosenFiles = { files: [], unreadable: 1 };

async function readFolder(folder: FileSystemDirectoryEntry): Promise<ChosenFiles> {
  try {
    const read: ChosenFiles[] = [];
    for (const entry of await listFolder(folder)) read.push(await readEntry(entry));
    return joined(read);
  } catch {
    return UNREADABLE;
  }
}

async function readEntry(entry: FileSystemEntry): Promise<ChosenFiles> {
  if (entry.isDirectory) return readFolder(entry as FileSystemDirectoryEntry);
  try {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return { files: [{ file }], unreadable: 0 };
  } catch {
    return UNREADABLE;
  }
}

/** A reader returns a folder in parts (in Chromium, 100 entries each); the last one is empty. */
async function listFolder(folder: FileSystemDirectoryEntry): Promise<readonly FileSystemEntry[]> {
  const reader = folder.createReader();
  const entries: FileSystemEntry[] = [];
  for (;;) {
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (part.length === 0) return entries;
    for (const entry of part) entries.push(entry);
  }
}

const joined = (parts: readonly ChosenFiles[]): ChosenFiles => ({
  files: parts.flatMap(({ files }) => files),
  unreadable: parts.reduce((sum, { unreadable }) => sum + unreadable, 0),
});
