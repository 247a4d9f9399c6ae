import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { appendFile, mkdtemp, open, readdir, readFile, rm, stat, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileOf, sessionOf } from '../../testing/session-records.js';
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
    expect(await journal.list()).toEqual([]);
  });

  it('keeps what comes at once and later, for its user alone, also for who opens it anew', async () => {
    await Promise.all([1, 2, 3].map((number) => journal.save(record(number))));
    await journal.save(record(4));
    expect(await new RecordJournal(path).list()).toEqual([1, 2, 3, 4].map(record));
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('counts the last record of a file, and none that was removed', async () => {
    await journal.save(record(1));
    await journal.save(record(2));
    await journal.remove(record(1).fileId);
    await journal.save({ ...record(2), fileName: 'renamed.txt' });
    expect(await journal.list()).toEqual([{ ...record(2), fileName: 'renamed.txt' }]);
  });

  it('reads records of earlier versions, which had the stored name in them', async () => {
    await appendFile(path, `${JSON.stringify({ ...record(1), storedName: 'a.txt' })}\n`);
    expect(await journal.list()).toEqual([record(1)]);
  });

  it('loses only the line that a crash cut off', async () => {
    await journal.save(record(1));
    await journal.close();
    await appendFile(path, JSON.stringify(record(2)).slice(0, 40));
    const again = new RecordJournal(path);
    await again.save(record(3));
    await again.close();
    expect(await again.list()).toEqual([record(1), record(3)]);
  });

  it('leaves out what does not count when it is compacted, and goes on', async () => {
    await journal.save(record(1));
    await journal.save(record(2));
    await journal.remove(record(1).fileId);
    await journal.compact();
    expect((await readFile(path, 'utf8')).trim().split('\n')).toHaveLength(1);
    await journal.save(record(3));
    expect(await journal.list()).toEqual([record(2), record(3)]);
  });

  it('keeps what comes while it is compacted, and what was kept anew', async () => {
    const numbers = Array.from({ length: 500 }, (_, number) => number);
    await Promise.all(numbers.map((number) => journal.save(record(number))));
    await Promise.all(numbers.slice(0, 400).map((number) => journal.remove(record(number).fileId)));
    await journal.save(record(7));
    const compacted = journal.compact();
    await Promise.all([journal.save(record(500)), journal.remove(record(499).fileId), compacted]);
    await journal.save(record(501));
    const expected = [...numbers.slice(400, 499), 7, 500, 501].map(record);
    expect(await journal.list()).toEqual(expected);
    expect(await new RecordJournal(path).list()).toEqual(expected);
    expect(await readdir(folder)).toEqual(['records.jsonl']);
  });

  it('is compacted by itself: with the first removal after a start, and once there were many', async () => {
    const eager = new RecordJournal(path, 2);
    const forget = async (...numbers: number[]) => {
      for (const number of numbers) await eager.remove(record(number).fileId);
      await eager.close();
      return (await readFile(path, 'utf8')).trim().split('\n');
    };
    for (const number of [1, 2, 3, 4]) await eager.save(record(number));
    expect(await forget(1)).toEqual([2, 3, 4].map((number) => JSON.stringify(record(number))));
    expect(await forget(2)).toContain('{"removed":"file2"}');
    expect(await forget(3)).toEqual([JSON.stringify(record(4))]);
  });

  it('loses nothing that comes after an entry that was written in part', async () => {
    await journal.save(record(1));
    const handle = await open(path, 'a');
    const partly = jest.spyOn(Object.getPrototypeOf(handle) as FileHandle, 'appendFile');
    partly.mockImplementationOnce(async () => {
      await handle.write('{"fileId":"of a full d');
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    });
    await expect(journal.save(record(2))).rejects.toThrow('no space left');
    partly.mockRestore();
    await handle.close();
    await journal.save(record(3));
    expect(await journal.list()).toEqual([record(1), record(3)]);
  });
});
