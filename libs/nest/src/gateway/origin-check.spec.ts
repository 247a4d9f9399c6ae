import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { ExpressAdapter } from '@nestjs/platform-express';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HttpHost } from '../http/testing/http-host.js';
import { UploadModule } from '../index.js';

describe('the log of refused origins', () => {
  it('has nothing in it that a terminal would obey', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'origin-check-'));
    const host = await HttpHost.start(new ExpressAdapter(), { imports: [UploadModule.forRoot({ dataDir: folder })] });
    try {
      await host.fetch('/upload-streams/', { Origin: 'https://\u009b2Jevil\u0085.example' }, 'POST');
      expect(host.warnings).toEqual([expect.stringContaining('Refused a page of "https://?2Jevil?.example".')]);
    } finally {
      await host.close();
      await rm(folder, { recursive: true });
    }
  });
});
