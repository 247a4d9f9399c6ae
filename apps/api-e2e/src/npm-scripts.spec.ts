import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createNodeUploadClient } from '@upload-streams/client/node';
import { freePort, ServerProcess } from '@upload-streams/testing';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ENTRY } from './support/entry.js';
import { HttpClient } from './support/http-client.js';
import { NpmScript } from './support/npm-script.js';

const TOKEN = 'owner-of-these-tests-0123456789';
const canLookAtProcesses = existsSync('/proc/self/stat');
if (!canLookAtProcesses)
  process.stderr.write('Skipped: npm start and npm run dev, which are watched (run on Linux).\n');

(canLookAtProcesses ? describe : describe.skip)('a script of package.json', () => {
  let dataDir: string;
  let env: Record<string, string>;
  let script: NpmScript | undefined;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'upload-streams-npm-'));
    env = { DATA_DIR: dataDir, PORT: String(await freePort()), PAGE_PORT: String(await freePort()) };
    script = undefined;
  });
  afterEach(async () => {
    script?.killAll();
    await rm(dataDir, { recursive: true, force: true });
  });

  /** Starts a gateway there, which shows that the port and the data folder are free. */
  async function expectAllFree(): Promise<void> {
    const next = await ServerProcess.start({ entry: ENTRY, env });
    expect(next.url).toBe(`http://127.0.0.1:${env['PORT']}`);
    await next.stop();
  }

  // The script may have to build first.
  const TIMEOUT_MS = 300_000;

  it.each([
    ['SIGTERM', 'npm', undefined],
    ['SIGKILL', 'npm', undefined],
    ['SIGTERM', 'its script', /^node scripts\/start\.mjs/],
    ['SIGKILL', 'its script', /^node scripts\/start\.mjs/],
    ['SIGHUP', 'its script', /^node scripts\/start\.mjs/],
  ] as const)(
    'after a %s to %s, npm start leaves port and data folder',
    async (signal, _, args) => {
      script = await NpmScript.start('start', env);
      process.kill(args ? script.pidOf(args) : script.npmPid, signal);
      await script.allEnded();
      await expectAllFree();
    },
    TIMEOUT_MS,
  );

  it(
    'npm run dev takes an upload of 5 MB, and leaves no process behind',
    async () => {
      script = await NpmScript.start('dev', env);
      const content = randomBytes(5_000_000);
      const uploads = createNodeUploadClient({ url: script.url, token: TOKEN });
      try {
        const { url } = await uploads.uploadToEnd(content, { fileName: 'five.bin' });
        const stored = await new HttpClient(script.url, TOKEN).get(url);
        expect(Buffer.from(await stored.arrayBuffer()).equals(content)).toBe(true);
      } finally {
        uploads.close();
      }
      process.kill(script.npmPid, 'SIGKILL');
      await script.allEnded();
      await expectAllFree();
    },
    TIMEOUT_MS,
  );
});
