import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareDataDir } from './data-dir.js';

const NOBODY = 65_534;
const isRoot = process.geteuid?.() === 0;
const hasProc = existsSync('/proc/self');
if (!hasProc) process.stderr.write('Skipped: a data folder below /proc (run on Linux).\n');

describe('the data folder', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'data-dir-'));
    await chmod(folder, 0o755);
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** Root may write everywhere, so it acts as somebody else for this call. */
  async function asOrdinaryUser(work: () => Promise<void>): Promise<void> {
    if (isRoot) process.seteuid!(NOBODY);
    try {
      await work();
    } finally {
      if (isRoot) process.seteuid!(0);
    }
  }

  it('is made with all folders above it, and left empty', async () => {
    const dataDir = join(folder, 'a', 'b');
    await prepareDataDir(dataDir);
    await prepareDataDir(dataDir);
    expect(await readdir(dataDir)).toEqual([]);
  });

  it('that is not writable is named, with the user and the remedy', async () => {
    await chmod(folder, 0o500);
    await asOrdinaryUser(() =>
      expect(prepareDataDir(folder)).rejects.toThrow(
        new RegExp(`The data folder ${folder} can't be used by the user .*EACCES.*chown -R.*DATA_DIR`),
      ),
    );
  });

  it('with a catalogue of another user is named', async () => {
    await chmod(folder, 0o777);
    await writeFile(join(folder, 'catalogue.db'), '');
    await chmod(join(folder, 'catalogue.db'), 0o444);
    await asOrdinaryUser(() =>
      expect(prepareDataDir(folder)).rejects.toThrow(/catalogue\.db in it may not be written by this user.*chown -R/),
    );
  });

  it('that is a file is refused', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(prepareDataDir(join(folder, 'file'))).rejects.toThrow(/it is not a folder/);
    await expect(prepareDataDir(join(folder, 'file', 'below'))).rejects.toThrow(/ENOTDIR/);
  });

  (hasProc ? it : it.skip)('below /proc is refused at once', async () => {
    await expect(prepareDataDir('/proc/upload-streams/data')).rejects.toThrow(/The data folder \/proc\/upload-streams/);
  });

  it('may be made by two at once', async () => {
    const dataDir = join(folder, 'a', 'b');
    await Promise.all([
      prepareDataDir(dataDir),
      prepareDataDir(dataDir),
      mkdir(join(folder, 'a')).catch(() => undefined),
    ]);
    expect(await readdir(dataDir)).toEqual([]);
  });
});
