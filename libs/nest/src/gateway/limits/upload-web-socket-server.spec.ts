import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import { UploadWebSocketServer } from './upload-web-socket-server.js';

const KIB = 1024;
const MAX_BYTES = 1024 * KIB;

interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
  readonly final: boolean;
  readonly masked?: boolean;
}

const REQUEST =
  'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`;

/** As a client sends it (https://www.rfc-editor.org/rfc/rfc6455#section-5.2). */
function encode({ opcode, payload, final, masked = true }: Frame): Buffer {
  const { length } = payload;
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const head = Buffer.alloc(2 + extended);
  head[0] = (final ? 0x80 : 0) | opcode;
  head[1] = (masked ? 0x80 : 0) | (extended === 0 ? length : extended === 2 ? 126 : 127);
  if (extended === 2) head.writeUInt16BE(length, 2);
  if (extended === 8) head.writeBigUInt64BE(BigInt(length), 2);
  if (!masked) return Buffer.concat([head, payload]);
  const mask = randomBytes(4);
  return Buffer.concat([head, mask, payload.map((byte, n) => byte ^ mask[n & 3]!)]);
}

describe.each([true, false])('UploadWebSocketServer, with fast paths: %s', (fastPaths) => {
  let http: Server;
  let webSockets: UploadWebSocketServer;
  let messages: { readonly data: Buffer; readonly isBinary: boolean }[];
  let closed: Promise<unknown>;

  beforeEach(async () => {
    messages = [];
    webSockets = new UploadWebSocketServer({
      noServer: true,
      maxPayload: MAX_BYTES,
      perMessageDeflate: false,
      fastPaths,
    });
    http = createServer();
    http.on('upgrade', (request, socket, head) =>
      webSockets.handleUpgrade(request, socket, head, (webSocket) => {
        webSocket.on('message', (data, isBinary) => messages.push({ data: data as Buffer, isBinary }));
        webSocket.on('error', () => undefined);
        closed = new Promise((resolve) => webSocket.once('close', resolve));
      }),
    );
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
  });
  afterEach(() => new Promise((resolve) => http.close(resolve)));

  const port = () => (http.address() as AddressInfo).port;

  /** A connection on which frames can be sent byte by byte. */
  async function open(): Promise<Socket> {
    const socket = connect(port(), '127.0.0.1');
    socket.write(REQUEST);
    await once(socket, 'data');
    return socket;
  }

  async function send(socket: Socket, bytes: Buffer): Promise<void> {
    await new Promise((resolve) => socket.write(bytes, resolve));
  }

  /** The close frame is answered when all before it was read. */
  async function finish(socket: Socket): Promise<void> {
    await send(socket, encode({ opcode: 8, payload: Buffer.from([3, 232]), final: true }));
    await closed;
    socket.destroy();
  }

  it('gives every message, of any size and kind, in order, however it is cut into frames and reads', async () => {
    const sizes = fc.oneof(fc.nat(300), fc.integer({ min: 15 * KIB, max: 17 * KIB }), fc.nat(300 * KIB));
    const message = fc.record({
      size: sizes,
      isBinary: fc.boolean(),
      cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 }),
      ping: fc.boolean(),
    });
    const plan = fc.array(message, { minLength: 1, maxLength: 8 });
    const readSizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 200 * KIB })), {
      minLength: 1,
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(plan, readSizes, async (planned, reads) => {
        messages = [];
        const sent: Buffer[] = [];
        const stream = Buffer.concat(
          planned.flatMap(({ size, isBinary, cuts, ping }) => {
            const payload = isBinary ? randomBytes(size) : Buffer.alloc(size, 'text');
            sent.push(payload);
            const edges = [0, ...cuts.map((cut) => Math.floor(cut * size)).sort((a, b) => a - b), size];
            return edges.slice(1).flatMap((edge, n) => {
              const opcode = n > 0 ? 0 : isBinary ? 2 : 1;
              const final = n === edges.length - 2;
              const frame = encode({ opcode, payload: payload.subarray(edges[n], edge), final });
              return ping ? [frame, encode({ opcode: 9, payload: Buffer.from('ping'), final: true })] : [frame];
            });
          }),
        );
        const socket = await open();
        socket.setNoDelay(true).resume();
        for (let at = 0, n = 0; at < stream.length; n++) {
          const next = at + reads[n % reads.length]! * (n > 200 ? 1000 : 1);
          await send(socket, stream.subarray(at, next));
          at = next;
        }
        await finish(socket);
        expect(messages.map(({ isBinary }) => isBinary)).toEqual(planned.map(({ isBinary }) => isBinary));
        expect(messages.map(({ data }) => data.length)).toEqual(sent.map(({ length }) => length));
        for (const [n, { data }] of messages.entries()) expect(data.equals(sent[n]!)).toBe(true);
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  it('speaks with a client of ws', async () => {
    const client = new WebSocket(`ws://127.0.0.1:${port()}`);
    await once(client, 'open');
    const sent = [randomBytes(500 * KIB), Buffer.from('text'), randomBytes(3)];
    for (const message of sent) client.send(message);
    client.close();
    await closed;
    expect(messages.map(({ data }, n) => data.equals(sent[n]!))).toEqual([true, true, true]);
  });

  it('keeps the order of messages that arrive together, whoever assembles them', async () => {
    const socket = await open();
    const payloads = [20, 1, 17, 2].map((kib) => Buffer.alloc(kib * KIB, `${kib}`));
    const frames = payloads.map((payload, n) => encode({ opcode: n === 2 ? 2 : 1, payload, final: true }));
    await send(socket, Buffer.concat(frames));
    await finish(socket);
    expect(messages.map(({ data }) => data.length)).toEqual(payloads.map(({ length }) => length));
  });

  it("replaces nothing of the client's socket", async () => {
    const upgraded = once(http, 'upgrade') as Promise<[unknown, Socket]>;
    const socket = await open();
    const [, clientSocket] = await upgraded;
    const replaced = ['emit', 'write', 'pause', 'resume', 'end', 'destroy'].filter((name) =>
      Object.hasOwn(clientSocket, name),
    );
    await finish(socket);
    expect(replaced).toEqual([]);
  });

  it('tells the address of the client, as its socket does', async () => {
    const socket = await open();
    const [webSocket] = webSockets.clients;
    // Where Engine.IO looks for it.
    expect((webSocket as unknown as { _socket: Socket })._socket.remoteAddress).toBe('127.0.0.1');
    await finish(socket);
  });

  it('reads what comes in one piece with the request', async () => {
    const socket = connect(port(), '127.0.0.1').resume();
    const payload = randomBytes(20 * KIB);
    await send(socket, Buffer.concat([Buffer.from(REQUEST), encode({ opcode: 2, payload, final: true })]));
    await once(socket, 'data');
    await finish(socket);
    expect(messages.map(({ data }) => data.equals(payload))).toEqual([true]);
  });

  it('gives a message that ends with an empty fragment at once', async () => {
    const socket = await open();
    const arrived = new Promise<void>((resolve) => {
      for (const webSocket of webSockets.clients) webSocket.once('message', () => resolve());
    });
    await send(socket, encode({ opcode: 2, payload: randomBytes(20 * KIB), final: false }));
    await send(socket, encode({ opcode: 0, payload: Buffer.alloc(0), final: true }));
    await arrived;
    await finish(socket);
    expect(messages.map(({ data }) => data.length)).toEqual([20 * KIB]);
  });

  it.each([
    ['a message that is too large', [{ opcode: 2, payload: Buffer.alloc(MAX_BYTES + 1), final: true }]],
    ['a payload without a mask', [{ opcode: 2, payload: Buffer.alloc(20 * KIB), final: true, masked: false }]],
    [
      'fragments that are too large together',
      [
        { opcode: 2, payload: Buffer.alloc(MAX_BYTES), final: false },
        { opcode: 0, payload: Buffer.alloc(1), final: true },
      ],
    ],
    [
      'a message within another one',
      [
        { opcode: 2, payload: Buffer.alloc(20 * KIB), final: false },
        { opcode: 2, payload: Buffer.alloc(20 * KIB), final: true },
      ],
    ],
  ])('ends the connection at %s', async (_, frames: Frame[]) => {
    const socket = await open();
    socket.on('error', () => undefined).resume();
    for (const frame of frames) socket.write(encode(frame));
    await closed;
    socket.destroy();
    expect(messages).toEqual([]);
  });

  it('forgets a message that its client did not end', async () => {
    const socket = await open();
    await send(socket, encode({ opcode: 2, payload: randomBytes(20 * KIB), final: true }).subarray(0, 10 * KIB));
    socket.destroy();
    await closed;
    expect(messages).toEqual([]);
  });
});
