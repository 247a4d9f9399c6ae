import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { crc32 } from 'node:zlib';
import { batchOf, itemsOf } from './file-answer.js';
import { FileThread } from './file-thread.js';

const FOREIGN = [{ 'watch:import': ['file:///module.js'] }, null, undefined, 42, 'text', [1], { items: [{ id: 1 }] }];

describe('FileThread', () => {
  const bytes = Buffer.from('hello');
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'file-thread-'));
    await writeFile(join(folder, 'file'), bytes);
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('leaves messages of its thread alone that are no answers', async () => {
    const thread = new FileThread<{ id: number }, number>('testing/talkative-worker', import.meta.url);
    const ids = [thread.newId(), thread.newId()];
    expect(await Promise.all(ids.map((id) => thread.ask({ id })))).toEqual(ids);
    expect(await thread.ask({ id: 7 })).toBe(7);
    await thread.close();
  });

  it('fails what was asked where the thread can not be asked', async () => {
    const thread = new FileThread<{ id: number; work: () => void }, number>(
      'testing/talkative-worker',
      import.meta.url,
    );
    await expect(thread.ask({ id: thread.newId(), work: () => undefined })).rejects.toThrow('could not be cloned');
    await thread.close();
  });

  it.each([
    ['digest-worker', () => ({ id: 1, what: 'finish', path: join(folder, 'file'), upTo: 5, sha256: false })],
    ['passing-digest-worker', () => ({ id: 1, stream: 1, what: 'pass', bytes, cuts: [5], md5: false, sha256: false })],
    [
      '../disk/whole-file-worker',
      () => ({ id: 1, parent: folder, folder: 'new', storedName: 'file', bytes, sha256: false }),
    ],
  ])('%s leaves messages of its owner alone that are no requests', async (script, request) => {
    const worker = new Worker(new URL(`./${script}.ts`, import.meta.url));
    const failed = once(worker, 'error').then(([error]) => Promise.reject(error as Error));
    for (const message of FOREIGN) worker.postMessage(message);
    worker.postMessage(batchOf([request()]));
    for (const message of FOREIGN) worker.postMessage(message);
    const [message] = (await Promise.race([once(worker, 'message'), failed])) as [unknown];
    expect(JSON.stringify(itemsOf(message))).toContain(String(crc32(bytes)));
    await worker.terminate();
  });
});
