import type { ChosenFile, ChosenFiles } from './chosen-file';

/** What only some browsers have (File System Access, WICG), and TypeScript's DOM library not yet. */
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
 * Files from the browser's picker, with their handles; none where the person closes it. Undefined where there is no such
 * picker: an `<input type="file">` has to do. To be called while a click is handled.
 */
export async function pickFiles(window: object | null, multiple: boolean): Promise<ChosenFiles | undefined> {
  try {
    const handles = await (window as PickerWindow | null)?.showOpenFilePicker?.({ multiple });
    return handles && (await readAll(handles));
  } catch (error) {
    // Embedded in a page of another origin, it is there and refuses.
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

/** The handle of a dropped file. To be called while the `drop` event is handled: later there is none. */
export async function droppedHandle(item: DataTransferItem): Promise<FileSystemFileHandle | undefined> {
  try {
    const handle = await (item as HandleItem).getAsFileSystemHandle?.();
    return handle?.kind === 'file' ? (handle as FileSystemFileHandle) : undefined;
  } catch {
    return undefined;
  }
}

/** What reading through a handle comes to: `denied` by the person, or `missing` where the file was. */
export type HandleReading = File | 'denied' | 'missing';

/** The file as it is now, asking for permission where that is needed. To be called while a click is handled. */
export async function readHandle(handle: FileSystemFileHandle): Promise<HandleReading> {
  try {
    const permission = await (handle as AskableHandle).requestPermission?.({ mode: 'read' });
    return permission === undefined || permission === 'granted' ? await handle.getFile() : 'denied';
  } catch (error) {
    return isNamed(error, 'NotFoundError') ? 'missing' : 'denied';
  }
}

const isNamed = (error: unknown, name: string): boolean => error instanceof DOMException && error.name === name;
