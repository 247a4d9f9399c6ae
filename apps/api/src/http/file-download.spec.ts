import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { FileRecord, FilesService } from '@upload-streams/nest';
import express, { type Response } from 'express';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sendFile } from './file-download.js';

const STALLED_AFTER_MS = 300;
/** More than the buffers of both sides hold. */
const BYTES = 32 * 1024 * 1024;

describe('a download', () => {
  let folder: string;
  let server: Server;
  let answered: Promise<Response>;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'download-'));
    const path = join(folder, 'file');
    const handle = await open(path, 'w');
    await handle.truncate(BYTES);
    await handle.close();
    const files = {
      open: async () => createReadStream(path),
      presignedUrl: async () => undefined,
    } as unknown as FilesService;
    const file = { fileId: 'f', fileName: 'file', type: 'text/plain', size: BYTES, createdAt: 0 } as FileRecord;
    let answer: (response: Response) => void;
    answered = new Promise((resolve) => (answer = resolve));
    const app = express().get('/', async (request, response) => {
      answer(response);
      await sendFile(files, file, request, response, STALLED_AFTER_MS);
    });
    server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  });

  function request(): Socket {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    return socket;
  }

  it('is ended when the client stops reading', async () => {
    const socket = request().pause();
    const response = await answered;
    await once(response, 'close');
    expect(response.writableFinished).toBe(false);
    socket.destroy();
  });

  it('goes on to its end when the client reads slowly', async () => {
    let received = 0;
    const startedAt = Date.now();
    const socket = request();
    socket.on('data', (bytes) => {
      received += bytes.length;
      socket.pause();
      setTimeout(() => socket.resume(), 5);
    });
    await once(socket, 'end');
    expect(received).toBeGreaterThan(BYTES);
    expect(Date.now() - startedAt).toBeGreaterThan(2 * STALLED_AFTER_MS);
  });
});
