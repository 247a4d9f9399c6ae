import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Quarantine, Quarantined } from '../../contracts/storage-backend.js';
import { isFileId } from '../file-id.js';

const ENTRY = /^([0-9a-f]{32})\.(\d{1,15})$/;

/** A folder of orphaned bytes, each a file `<fileId>.<milliseconds since 1970 at which it was put there>`. */
export class DiskQuarantine implements Quarantine {
  /** The IDs of all entries, so that opening an upload does not list the folder. */
  private reading: Promise<Set<string>> | undefined;

  constructor(
    private readonly folder: string,
    private readonly partialDir: string,
  ) {}

  async prepare(): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
  }

  /** What has another name than a file ID, or is a link or a folder, is not ours. */
  async unfinished(): Promise<readonly string[]> {
    return (await filesIn(this.partialDir)).filter(isFileId);
  }

  async add(fileId: string): Promise<void> {
    await rename(join(this.partialDir, fileId), join(this.folder, `${fileId}.${Date.now()}`)).catch(unlessGone);
    (await this.ids()).add(fileId);
  }

  /** For a session that is known after all, as after a backup of the catalogue was restored. */
  async takeBack(fileId: string): Promise<void> {
    if (!(await this.ids()).delete(fileId)) return;
    const entry = (await this.list()).find((candidate) => candidate.fileId === fileId);
    if (entry) await rename(this.pathOf(entry), join(this.partialDir, fileId)).catch(unlessGone);
  }

  async list(): Promise<readonly Quarantined[]> {
    const names = (await filesIn(this.folder)).map((name) => ENTRY.exec(name)).filter((match) => match !== null);
    return names.map(([, fileId, since]) => ({ fileId: fileId!, since: Number(since) }));
  }

  async remove(entry: Quarantined): Promise<void> {
    await rm(this.pathOf(entry), { force: true });
    (await this.ids()).delete(entry.fileId);
  }

  private ids(): Promise<Set<string>> {
    return (this.reading ??= this.list().then((entries) => new Set(entries.map(({ fileId }) => fileId))));
  }

  private pathOf({ fileId, since }: Quarantined): string {
    return join(this.folder, `${fileId}.${since}`);
  }
}

function unlessGone(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}

async function filesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}
