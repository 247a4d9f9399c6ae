import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ServerProcess } from '@upload-streams/testing';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const built = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const run = promisify(execFile);

describe('the example of a Nest service', () => {
  let folder: string;
  let gateway: ServerProcess;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nest-service-'));
    gateway = await ServerProcess.start({
      entry: built('../../../apps/api/dist/main.js'),
      env: { DATA_DIR: join(folder, 'data') },
    });
  });
  afterAll(async () => {
    await gateway.stop();
    await rm(folder, { recursive: true });
  });

  const example = (...args: string[]) =>
    run(process.execPath, [built('../dist/main.js'), ...args], {
      env: { ...process.env, NODE_OPTIONS: '', GATEWAY_URL: gateway.url },
    });

  it('uploads a file to a running gateway, which stores an identical copy, and exits', async () => {
    const content = randomBytes(5_000_000);
    const path = join(folder, 'report.bin');
    await writeFile(path, content);
    const { stdout } = await example(path);
    const [, fileId, noteId] = /archived (\w+), note (\w+)/.exec(stdout) ?? [];
    expect((await readFile(join(folder, 'data/files', fileId!, 'report.bin'))).equals(content)).toBe(true);
    expect(String(await readFile(join(folder, 'data/files', noteId!, 'note.txt')))).toBe(
      'report.bin has 5000000 bytes',
    );
  });

  it('reports a path that does not exist', async () => {
    await expect(example(join(folder, 'missing'))).rejects.toMatchObject({ stderr: expect.stringContaining('failed') });
  });
});
