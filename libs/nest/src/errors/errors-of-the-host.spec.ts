import 'reflect-metadata';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  ConflictException,
  ForbiddenException,
  HttpException,
  UnauthorizedException,
  type INestApplication,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createNodeUploadClient, type NodeUploadClient } from '@upload-streams/client/node';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UPLOAD_AUTHENTICATOR, UPLOAD_POLICY, UploadModule, type Authenticator, type UploadPolicy } from '../index.js';

const SMALL = Buffer.alloc(1000);
const LARGE = Buffer.alloc(300_000);

describe('what the code of an application throws', () => {
  let dataDir: string;
  let app: INestApplication | undefined;
  let uploads: NodeUploadClient | undefined;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'host-errors-'));
  });
  afterEach(async () => {
    uploads?.close();
    await app?.close();
    await rm(dataDir, { recursive: true });
  });

  /** A gateway in an application, and the real client. */
  async function clientOf(token: symbol, useValue: Authenticator | UploadPolicy): Promise<NodeUploadClient> {
    const extras = { providers: [{ provide: token, useValue }] };
    app = await NestFactory.create(UploadModule.forRoot({ dataDir }, extras), { logger: false });
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address() as AddressInfo;
    uploads = createNodeUploadClient({ url: `http://127.0.0.1:${port}`, token: 'owner-of-these-tests-0123456789' });
    return uploads;
  }

  const throwing = (thrown: unknown) => () => {
    throw thrown;
  };

  it.each([
    ['UnauthorizedException', new UnauthorizedException(), 'UNAUTHORIZED'],
    ['ForbiddenException', new ForbiddenException(), 'FORBIDDEN'],
    ['an expired JWT', Object.assign(new Error('jwt expired'), { name: 'TokenExpiredError' }), 'UNAUTHORIZED'],
  ])('in the authenticator, %s ends the upload', async (_, thrown, code) => {
    const client = await clientOf(UPLOAD_AUTHENTICATOR, { authenticate: throwing(thrown) });
    await expect(client.uploadToEnd(SMALL)).rejects.toMatchObject({ code });
  });

  it.each([
    ['admit', 'a small file', SMALL],
    ['admit', 'a large file', LARGE],
    ['inspect', 'a small file', SMALL],
    ['inspect', 'a large file', LARGE],
  ] as const)(
    'in %s of the policy, exceptions of Nest end the upload of %s, of which nothing stays',
    async (method, _, file) => {
      let thrown: unknown = new ForbiddenException();
      const client = await clientOf(UPLOAD_POLICY, {
        [method]: () => {
          throw thrown;
        },
      });
      await expect(client.uploadToEnd(file)).rejects.toMatchObject({ code: 'FORBIDDEN' });
      thrown = new ConflictException('The name is taken');
      await expect(client.uploadToEnd(file)).rejects.toMatchObject({
        code: 'UPLOAD_REFUSED',
        details: { reason: 'The name is taken' },
      });
      expect(await readdir(join(dataDir, 'files'))).toEqual([]);
      expect(await readdir(join(dataDir, 'partial'))).toEqual([]);
    },
  );

  it('in the policy, 503 with Retry-After is tried again and succeeds', async () => {
    let calls = 0;
    const client = await clientOf(UPLOAD_POLICY, {
      admit: () => {
        calls += 1;
        if (calls === 1) throw new HttpException({ retryAfter: 0.1 }, 503);
      },
    });
    await expect(client.uploadToEnd(SMALL)).resolves.toMatchObject({ size: SMALL.length });
    expect(calls).toBe(2);
  });
});
