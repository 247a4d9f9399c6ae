import { describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { startGateway } from './support/gateway.js';

describe('configuration', () => {
  it.each([
    ['PORT', 'eighty'],
    ['PORT', '70000'],
    ['MAX_FILE_SIZE', 'huge'],
    ['MAX_CHUNK_SIZE', '1B'],
    ['MAX_CHUNK_SIZE', '1GiB'],
    ['WINDOW_BUDGET', '12'],
    ['SESSION_TTL', '5'],
    ['CORS_ORIGINS', 'app.example.com'],
    ['ALLOWED_TYPES', 'pictures'],
    ['MAX_SESSIONS_PER_CONNECTION', '0'],
  ])('does not start with %s=%s, and names it in one sentence', async (name, value) => {
    const start = startGateway({ [name]: value, DATA_DIR: '/dev/null/never-made' });
    await expect(start).rejects.toThrow(
      new RegExp(`could not start\\. The environment can't be used: ${name} must be`),
    );
  });

  const linux = existsSync('/proc/self/cmdline');

  if (!linux) process.stderr.write('Skipped: the flag of V8, which is read from /proc (run on Linux).\n');
  (linux ? it : it.skip)('runs with the flag of V8 that measures best (read from /proc, which Linux has)', async () => {
    const gateway = await startGateway();
    try {
      const flags = await readFile(`/proc/${gateway.pid}/cmdline`, 'utf8');
      expect(flags).toContain('--max-semi-space-size=8');
    } finally {
      await gateway.close();
    }
  });

  it('does not start on a folder that it can not write to, and says so', async () => {
    await expect(startGateway({ DATA_DIR: '/dev/null/never-made' })).rejects.toThrow(
      /could not start\. The data folder \/dev\/null\/never-made can/,
    );
  });

  it('does not start on the data folder of a running gateway, and says so', async () => {
    const gateway = await startGateway();
    try {
      await expect(startGateway({ DATA_DIR: gateway.dataDir })).rejects.toThrow(/another process may have it open/);
    } finally {
      await gateway.close();
    }
  });

  it('does not start on a port in use, and says so once, naming PORT', async () => {
    const gateway = await startGateway();
    try {
      const { port } = new URL(gateway.url);
      const error = await failedStart({ PORT: port });
      expect(error).toContain(`could not start. Another program uses port ${port} of 127.0.0.1`);
      expect(error.match(/port/gi)).toHaveLength(2);
      expect(error).not.toContain('EADDRINUSE');
    } finally {
      await gateway.close();
    }
  });

  it('does not start on a HOST that is not of this machine, and says so', async () => {
    expect(await failedStart({ HOST: '192.0.2.1' })).toMatch(/could not start\. HOST is 192\.0\.2\.1/);
  });

  it.each(['/dev/null', tmpdir()])('does not start with WEB_DIR=%s, where there is no page', async (WEB_DIR) => {
    expect(await failedStart({ WEB_DIR })).toContain(`could not start. WEB_DIR is ${WEB_DIR}`);
  });

  (linux ? it : it.skip)('does not start, nor hang, on a data folder below /proc', async () => {
    expect(await failedStart({ DATA_DIR: '/proc/none/data' })).toContain(
      "could not start. The data folder /proc/none/data can't be used by the user ",
    );
  });
});

async function failedStart(env: Record<string, string>): Promise<string> {
  const error: unknown = await startGateway(env).then(
    () => 'it started',
    (reason: unknown) => reason,
  );
  return String(error);
}
