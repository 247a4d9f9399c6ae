import 'reflect-metadata';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { io } from 'socket.io-client';
import { UPLOAD_AUTHENTICATOR, UploadModule, type Authenticator } from '../index.js';

describe('SocketDoor', () => {
  let folder: string;
  let app: INestApplication;
  let seen: IncomingHttpHeaders;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'socket-door-'));
    const authenticator: Authenticator = {
      authenticate({ headers }) {
        seen = headers;
        return null;
      },
    };
    const uploads = UploadModule.forRoot({ dataDir: folder, allowedOrigins: ['*', 'https://listed.example'] });
    const module = await Test.createTestingModule({ imports: [uploads] })
      .overrideProvider(UPLOAD_AUTHENTICATOR)
      .useValue(authenticator)
      .compile();
    app = module.createNestApplication({ logger: false });
    await app.listen(0, '127.0.0.1');
  });
  afterEach(async () => {
    await app.close();
    await rm(folder, { recursive: true });
  });

  async function connect(extraHeaders: Record<string, string>): Promise<void> {
    const socket = io(await app.getUrl(), {
      path: '/upload-streams',
      forceNew: true,
      transports: ['websocket'],
      extraHeaders,
    });
    await once(socket as unknown as NodeJS.EventEmitter, 'connect');
    socket.disconnect();
  }

  it.each([
    ['https://any.example', 'Basic YTpi', undefined, undefined],
    ['https://any.example', 'Negotiate abc', undefined, undefined],
    ['https://any.example', 'Bearer abc', undefined, 'Bearer abc'],
    ['https://listed.example', 'Basic YTpi', 'a=b', 'Basic YTpi'],
  ])(
    'shows an authenticator only what a page of %s knows itself, and not what its browser adds: %s',
    async (origin, authorization, cookie, shown) => {
      await connect({ origin, authorization, cookie: 'a=b' });
      expect([seen.cookie, seen.authorization]).toEqual([cookie, shown]);
    },
  );
});
