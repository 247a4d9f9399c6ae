import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SharedFolderSync } from './folder-sync.js';

describe('SharedFolderSync', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'folder-sync-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('gives all who ask while a sync is under way the next one, not that one', async () => {
    const shared = new SharedFolderSync(folder);
    const ended: string[] = [];
    const asked = ['first', 'second', 'third'].map((who) => shared.sync().then(() => ended.push(who)));
    expect(shared.sync()).toBe(shared.sync());
    await asked[0];
    expect(ended).toEqual(['first']);
    await Promise.all(asked);
  });

  it('fails those who shared a sync that failed, and no one later', async () => {
    const shared = new SharedFolderSync(join(folder, 'none'));
    const outcomes = await Promise.allSettled([shared.sync(), shared.sync()]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await mkdir(join(folder, 'none'));
    await shared.sync();
  });
});
