import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const GUEST = fileURLToPath(new URL('./support/guest.mjs', import.meta.url));
const run = promisify(execFile);

describe('UploadModule in the application of somebody else', () => {
  let dataDir: string;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'upload-streams-guest-'));
  });
  afterEach(() => rm(dataDir, { recursive: true }));

  it('changes nothing that the whole process shares, from its import to its end', async () => {
    const env = { ...process.env, NODE_OPTIONS: '', DATA_DIR: dataDir };
    const { stdout } = await run(process.execPath, [GUEST], { env });
    expect(JSON.parse(stdout)).toEqual([]);
  }, 60_000);
});
