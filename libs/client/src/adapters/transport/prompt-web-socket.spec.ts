import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { io, type Socket } from 'socket.io-client';
import { PromptWebSocket } from './prompt-web-socket.js';

const MIB = 1024 * 1024;

describe('PromptWebSocket', () => {
  let server: Server;
  let client: Socket;

  beforeEach(async () => {
    const http = createServer().listen(0, '127.0.0.1');
    await once(http, 'listening');
    server = new Server(http, { maxHttpBufferSize: 4 * MIB });
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    client = io(url, { transports: [PromptWebSocket], forceNew: true });
    server.on('connection', (socket) =>
      socket.on('echo', (bytes: Buffer, answer: (bytes: Buffer) => void) => answer(bytes)),
    );
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    client.close();
    await server.close();
  });

  it('frees what it masked once it is sent, and leaves what it was given', async () => {
    const freed: number[] = [];
    const transfer = ArrayBuffer.prototype.transfer;
    jest.spyOn(ArrayBuffer.prototype, 'transfer').mockImplementation(function (this: ArrayBuffer, size) {
      freed.push(this.byteLength);
      return transfer.call(this, size);
    });
    const bytes = Buffer.alloc(MIB, 7);
    expect(await client.emitWithAck('echo', bytes)).toEqual(Buffer.alloc(MIB, 7));
    expect(bytes.length).toBe(MIB);
    expect(freed).toEqual([expect.any(Number)]);
    expect(freed[0]).toBeGreaterThanOrEqual(MIB);
  });

  it('sends many messages at once, each as it was', async () => {
    const sent = Array.from({ length: 50 }, (_, n) => Buffer.alloc(100_000, n));
    const answers = await Promise.all(sent.map((bytes) => client.emitWithAck('echo', bytes)));
    expect(answers.map((bytes: Buffer) => bytes[99_999])).toEqual(sent.map((_, n) => n));
  });
});
