import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isFileId } from '../file-id.js';
import type { Quarantined } from '../../contracts/storage-backend.js';

const NAME = /^([0-9a-f]{32})\.(\d{1,15})$/;

/** Unfinished bytes that no catalogue knows, as `<fileId>.<milliseconds since 1970>`: the time at which they were set aside. */
export class DiskQuarantine {
  /** So that an upload that is opened costs no look into the folder. */
  private reading: Promise<Set<string>> | undefined;

  constructor(
    private readonly folder: string,
    private readonly partialDir: string,
  ) {}

  async prepare(): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
  }

  /** Does nothing where the bytes are gone by now. */
  async add(fileId: string): Promise<void> {
    const name = `${fileId}.${Date.now()}`;
    await rename(join(this.partialDir, fileId), join(this.folder, name)).catch(unlessGone);
    (await this.ids()).add(fileId);
  }

  /** A catalogue knows the upload after all, as after a backup was restored: it goes on from the bytes that there are. */
  async takeBack(fileId: string): Promise<void> {
    if (!(await this.ids()).delete(fileId)) return;
    const entry = (await this.list()).find((candidate) => candidate.fileId === fileId);
    const path = join(this.partialDir, fileId);
    if (entry) await rename(this.pathOf(entry), path).catch(unlessGone);
  }

  async list(): Promise<readonly Quarantined[]> {
    const names = (await filesIn(this.folder)).map((name) => NAME.exec(name)).filter((match) => match !== null);
    return names.map(([, fileId, since]) => ({ fileId: fileId!, since: Number(since) }));
  }

  async remove({ fileId, since }: Quarantined): Promise<void> {
    await rm(this.pathOf({ fileId, since }), { force: true });
    (await this.ids()).delete(fileId);
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

/** The IDs of the unfinished uploads in a folder. What has another name, or is a link or a folder, is not ours. */
export async function fileIdsIn(folder: string): Promise<readonly string[]> {
  return (await filesIn(folder)).filter(isFileId);
}

async function filesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}
