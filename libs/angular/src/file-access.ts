import type { ChosenFile, ChosenFiles } from './chosen-file';

/** Only some browsers have this (File System Access, WICG), and TypeScript's DOM library does not have it yet. */
interface PickerWindow {
  readonly showOpenFilePicker?: (options: { multiple: boolean }) => Promise<FileSystemFileHandle[]>;
}
interface HandleItem {
  readonly getAsFileSystemHandle?: () => Promise<FileSystemHandle | null>;
}
interface AskableHandle {
  readonly requestPermission?: (wanted: { mode: 'read' }) => Promise<PermissionState>;
}

/**
 * Returns files from the browser's picker, with their handles; none if the person closes it. Returns undefined if there is no
 * such picker: use an `<input type="file">` then. Call it while a click is handled.
 */
export async function pickFiles(window: object | null, multiple: boolean): Promise<ChosenFiles | undefined> {
  try {
    const handles = await (window as PickerWindow | null)?.showOpenFilePicker?.({ multiple });
    return handles && (await readAll(handles));
  } catch (error) {
    // In a frame of another origin, the picker exists but refuses.
    return isNamed(error, 'SecurityError') ? undefined : { files: [], unreadable: 0 };
  }
}

async function readAll(handles: readonly FileSystemFileHandle[]): Promise<ChosenFiles> {
  const read = await Promise.allSettled(
    handles.map(async (handle): Promise<ChosenFile> => ({ file: await handle.getFile(), handle })),
  );
  const files = read.filter((result) => result.status === 'fulfilled').map(({ value }) => value);
  return { files, unreadable: read.length - files.length };
}

/** Returns the handle of a dropped file. Call it while the `drop` event is handled: later there is none. */
export async function droppedHandle(item: DataTransferItem): Promise<FileSystemFileHandle | undefined> {
  try {
    const handle = await (item as HandleItem).getAsFileSystemHandle?.();
    return handle?.kind === 'file' ? (handle as FileSystemFileHandle) : undefined;
  } catch {
    return undefined;
  }
}

/** The file, `denied` if the person did not allow to read it, or `missing` if it is no longer there. */
export type HandleReading = File | 'denied' | 'missing';

/** Reads the file as it is now. Asks for permission if necessary, so call it while a click is handled. */
export async function readHandle(handle: FileSystemFileHandle): Promise<HandleReading> {
  try {
    const permission = await (handle as AskableHandle).requestPermission?.({ mode: 'read' });
    return permission === undefined || permission === 'granted' ? await handle.getFile() : 'denied';
  } catch (error) {
    return isNamed(error, 'NotFoundError') ? 'missing' : 'denied';
  }
}

const isNamed = (error: unknown, name: string): boolean => error instanceof DOMException && error.name === name;
