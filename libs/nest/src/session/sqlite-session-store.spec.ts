import { describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describeSessionStore } from '../testing/describe-session-store.js';
import { SqliteSessionStore } from './sqlite-session-store.js';

async function createStore() {
  const folder = await mkdtemp(join(tmpdir(), 'session-store-'));
  const path = join(folder, 'catalogue.db');
  let open = SqliteSessionStore.open(path);
  return {
    store: open,
    path,
    reopen: async () => {
      await open.close();
      return (open = SqliteSessionStore.open(path));
    },
    close: async () => {
      await open.close();
      await rm(folder, { recursive: true });
    },
  };
}

describeSessionStore('SqliteSessionStore', createStore);

describe('SqliteSessionStore', () => {
  it('says so where a catalogue is of another version', async () => {
    const fixture = await createStore();
    await fixture.store.close();
    const database = new DatabaseSync(fixture.path);
    database.exec('PRAGMA user_version = 99');
    database.close();
    expect(() => SqliteSessionStore.open(fixture.path)).toThrow(/is of version 99; this program reads version 1/);
    await fixture.close();
  });

  it('lets one process at a time use a catalogue, and says so', async () => {
    const fixture = await createStore();
    try {
      expect(() => SqliteSessionStore.open(fixture.path)).toThrow(/another process may have it open/);
    } finally {
      await fixture.close();
    }
  });
});
