import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { appendFile, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileOf, sessionOf } from '../testing/session-records.js';
import { RecordJournal } from './record-journal.js';

const record = (number: number) => fileOf(sessionOf(number));

describe('RecordJournal', () => {
  let folder: string;
  let path: string;
  let journal: RecordJournal;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'record-journal-'));
    path = join(folder, 'records.jsonl');
    journal = new RecordJournal(path);
  });
  afterEach(async () => {
    await journal.close();
    await rm(folder, { recursive: true });
  });

  it('knows nothing before anything was kept', async () => {
    expect(await journal.read()).toEqual([]);
  });

  it('keeps what comes at once and later, for its user alone, also for who opens it anew', async () => {
    await Promise.all([1, 2, 3].map((number) => journal.append(record(number))));
    await journal.append(record(4));
    expect(await new RecordJournal(path).read()).toEqual([1, 2, 3, 4].map(record));
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('counts the last record of a file, and none that was removed', async () => {
    for (const entry of [record(1), record(2), { removed: record(1).fileId }]) await journal.append(entry);
    await journal.append({ ...record(2), fileName: 'renamed.txt' });
    expect(await journal.read()).toEqual([{ ...record(2), fileName: 'renamed.txt' }]);
  });

  it('loses only the line that a crash cut off', async () => {
    await journal.append(record(1));
    await journal.close();
    await appendFile(path, JSON.stringify(record(2)).slice(0, 40));
    const again = new RecordJournal(path);
    await again.append(record(3));
    await again.close();
    expect(await again.read()).toEqual([record(1), record(3)]);
  });

  it('leaves out what does not count when it is compacted, and goes on', async () => {
    for (const entry of [record(1), record(2), { removed: record(1).fileId }]) await journal.append(entry);
    await journal.compact();
    expect((await readFile(path, 'utf8')).trim().split('\n')).toHaveLength(1);
    await journal.append(record(3));
    expect(await journal.read()).toEqual([record(2), record(3)]);
  });
});
