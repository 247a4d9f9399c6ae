import 'reflect-metadata';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Module, type INestApplication, type LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createNodeUploadClient } from '@upload-streams/client/node';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UploadHttpModule } from '../http/index.js';
import { UPLOAD_AUTHENTICATOR, UploadModule } from '../index.js';
import { requireOwner } from './require-owner.js';

describe('what an authenticator returns', () => {
  it.each([['a'], ['a'.repeat(255)], [null]])('may be the owner %p', (owner) => {
    expect(requireOwner(owner)).toBe(owner);
  });

  it.each([
    [undefined, 'undefined'],
    [42, 'something of type number'],
    [{ id: 'secret' }, 'something of type object'],
    ['', 'a string of 0 characters'],
    ['secret'.repeat(100), 'a string of 600 characters'],
  ])('may not be %p', (owner, kind) => {
    const check = () => requireOwner(owner);
    expect(check).toThrow(`The authenticator returned ${kind}. It must return the owner`);
    expect(check).not.toThrow('secret');
  });
});

describe('an authenticator that returns no owner', () => {
  let dataDir: string;
  let app: INestApplication;
  let url: string;
  const logged: string[] = [];

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'no-owner-'));
    // The number of a user, as databases have it.
    const authenticator = { provide: UPLOAD_AUTHENTICATOR, useValue: { authenticate: async () => 42 } };
    const area = UploadModule.forRoot({ dataDir }, { providers: [authenticator] });
    @Module({ imports: [area, UploadHttpModule.forRoot()] })
    class HostModule {}
    const error = (message: unknown) => logged.push(String(message));
    const logger: LoggerService = { error, log: () => undefined, warn: () => undefined };
    app = await NestFactory.create(HostModule, { logger });
    await app.listen(0, '127.0.0.1');
    url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    await app.close();
    await rm(dataDir, { recursive: true });
  });

  it('lets nobody upload, and the log says what is wrong', async () => {
    const client = createNodeUploadClient({ url });
    const upload = client.uploadToEnd(Buffer.from('hi'), { fileName: 'a.txt', giveUpAfterMs: 200 });
    await expect(upload).rejects.toMatchObject({ code: 'INTERNAL' });
    client.close();
    expect(logged.join('\n')).toContain(
      'The authenticator returned something of type number. It must return the owner',
    );
  });

  it('lets nobody list files', async () => {
    expect((await fetch(`${url}/api/files`)).status).toBe(500);
  });
});
