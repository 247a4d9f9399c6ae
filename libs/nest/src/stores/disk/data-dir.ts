import { constants, type Stats } from 'node:fs';
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { randomUUID } from 'node:crypto';

/** How an application names the folder, and how `apps/api` does. */
const OPTION = 'dataDir, or DATA_DIR of apps/api';

/** What an earlier start may have made there as another user. */
const MUST_BE_WRITABLE = ['catalogue.db', 'catalogue.db-wal', 'files', 'partial'];

/**
 * Makes the data folder where it is missing, and checks that this user can write there. Rejects with a sentence that names
 * the folder, the user and the remedy.
 */
export async function prepareDataDir(dataDir: string): Promise<void> {
  const folder = resolve(dataDir);
  try {
    await makeFolder(folder);
    await requireWritable(folder);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new Error(`The data folder ${folder} can't be used by ${userName()}: ${message}. ${remedyOf(code)}`, {
      cause,
    });
  }
}

/** Folder by folder: below /proc, where folders can't be made, the recursive `mkdir` of Node never returns. */
async function makeFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  });
  if (found?.isDirectory()) return;
  if (found) throw Object.assign(new Error('it is not a folder'), { code: 'ENOTDIR' });
  if (dirname(folder) !== folder) await makeFolder(dirname(folder));
  await mkdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}

async function requireWritable(folder: string): Promise<void> {
  const trial = join(folder, `.write-test-${randomUUID()}`);
  await writeFile(trial, '');
  await rm(trial);
  for (const name of MUST_BE_WRITABLE) {
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (found && !isOurs(found)) {
      throw Object.assign(new Error(`${name} in it may not be written by this user`), { code: 'EACCES' });
    }
  }
}

/**
 * Judged by the mode, not by opening the file: closing it would give up all locks that this process has on it, such as
 * those of another gateway in this process on the catalogue.
 */
function isOurs({ mode, uid, gid }: Stats): boolean {
  const me = process.geteuid?.();
  if (me === undefined || me === 0) return true;
  if (uid === me) return (mode & constants.S_IWUSR) !== 0;
  const groups = [process.getegid?.(), ...(process.getgroups?.() ?? [])];
  return (mode & (groups.includes(gid) ? constants.S_IWGRP : constants.S_IWOTH)) !== 0;
}

function userName(): string {
  try {
    const { username, uid } = userInfo();
    return uid < 0 ? `the user ${username}` : `the user ${username} (uid ${uid})`;
  } catch {
    // A container may run as a user that has no name.
    return `the user with uid ${process.geteuid?.() ?? 'unknown'}`;
  }
}

function remedyOf(code: string | undefined): string {
  if (code === 'EACCES' || code === 'EPERM')
    return `Give this user the folder (chown -R), or use another one (${OPTION})`;
  if (code === 'EROFS') return `It is on a file system that is mounted read-only; use another folder (${OPTION})`;
  if (code === 'ENOSPC') return `There is no room left on its disk: make some, or use another folder (${OPTION})`;
  return `Use a folder that can be made and written to (${OPTION})`;
}
