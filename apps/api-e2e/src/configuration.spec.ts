import { describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Gateway } from './support/gateway.js';

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
    const start = Gateway.start({ [name]: value, DATA_DIR: '/dev/null/never-made' });
    await expect(start).rejects.toThrow(
      new RegExp(`could not start\\. The environment can't be used: ${name} must be`),
    );
  });

  const linux = existsSync('/proc/self/cmdline');

  if (!linux) process.stderr.write('Skipped: the flag of V8, which is read from /proc (run on Linux).\n');
  (linux ? it : it.skip)('runs with the flag of V8 that measures best (read from /proc, which Linux has)', async () => {
    const gateway = await Gateway.start();
    try {
      const flags = await readFile(`/proc/${gateway.pid}/cmdline`, 'utf8');
      expect(flags).toContain('--max-semi-space-size=8');
    } finally {
      await gateway.close();
    }
  });

  it('does not start on a folder that it can not write to, and says so', async () => {
    await expect(Gateway.start({ DATA_DIR: '/dev/null/never-made' })).rejects.toThrow(
      /could not start\. The data folder \/dev\/null\/never-made can/,
    );
  });

  it('does not start on the data folder of a running gateway, and says so', async () => {
    const gateway = await Gateway.start();
    try {
      await expect(Gateway.start({ DATA_DIR: gateway.dataDir })).rejects.toThrow(/another process may have it open/);
    } finally {
      await gateway.close();
    }
  });
});
