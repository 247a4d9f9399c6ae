import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DatabaseSync } from 'node:sqlite';
import { GroupCommit } from './group-commit.js';

describe('GroupCommit', () => {
  let database: DatabaseSync;
  let syncs: (() => void)[];
  let changes: GroupCommit;

  beforeEach(() => {
    database = new DatabaseSync(':memory:');
    database.exec('CREATE TABLE numbers (number INTEGER PRIMARY KEY)');
    syncs = [];
    changes = new GroupCommit(database, () => new Promise<void>((resolve) => syncs.push(resolve)));
  });
  afterEach(() => database.close());

  const insert = (number: number) => changes.run(() => database.prepare('INSERT INTO numbers VALUES (?)').run(number));
  const numbers = () =>
    database
      .prepare('SELECT number FROM numbers')
      .all()
      .map(({ number }) => number);
  const nextSync = async (count: number) => {
    while (syncs.length < count) await new Promise((resolve) => setImmediate(resolve));
    syncs[count - 1]!();
  };

  it('makes many changes durable by one sync, and those that come meanwhile by the next', async () => {
    const first = [1, 2, 3].map(insert);
    while (syncs.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const second = [4, 5].map(insert);
    await nextSync(1);
    await Promise.all(first);
    await nextSync(2);
    await Promise.all(second);
    expect(syncs).toHaveLength(2);
    expect(numbers()).toEqual([1, 2, 3, 4, 5]);
  });

  it('tells nobody of a change before it is durable', async () => {
    let told = false;
    const change = insert(1).then(() => (told = true));
    while (syncs.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect([told, numbers()]).toEqual([false, [1]]);
    await nextSync(1);
    await change;
  });

  it('takes back the change that fails, and no other', async () => {
    const [one, twice, two] = await Promise.allSettled([insert(1), insert(1), insert(2), nextSync(1)]);
    expect([one, twice, two].map((outcome) => outcome?.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(numbers()).toEqual([1, 2]);
  });

  it('fails all whom a sync fails, and goes on with the next', async () => {
    let broken = true;
    const flaky = new GroupCommit(database, async () => {
      if (broken) throw new Error('the disk failed');
    });
    const work = () => database.prepare('SELECT 1').get();
    const outcomes = await Promise.allSettled([flaky.run(work), flaky.run(work)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    broken = false;
    await flaky.run(work);
  });
});
