import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BEGIN_UPLOAD, CANCEL_UPLOAD, uploadChunkEvent } from '@upload-streams/protocol';
import { createNodeUploadClient } from '@upload-streams/client/node';
import { type GatewayProcess, sha256 } from '@upload-streams/testing';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { lastValueFrom } from 'rxjs';
import { startGateway } from './support/gateway.js';
import { metricsOf } from './support/process-metrics.js';
import { newSessionID } from './support/wire-client.js';

const MIB = 1024 * 1024;

/** 128 MiB for all clients, 1 MiB for each further one, and the memory of an idle gateway with room for garbage. */
const LIMIT_MIB = 480;

/** A frame of a client, with a mask of zeros. */
function frame(opcode: number, payload: Uint8Array, bytes = payload.length): Buffer {
  const head = Buffer.alloc(14);
  head[0] = 0x80 | opcode;
  head[1] = 0x80 | 127;
  head.writeBigUInt64BE(BigInt(bytes), 2);
  return Buffer.concat([head, payload]);
}

const text = (content: string): Buffer => frame(1, Buffer.from(content));

/** A client that reads nothing once it is connected. */
async function deafClient(url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined);
  const key = randomBytes(16).toString('base64');
  socket.write(
    `GET /upload-streams/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n` +
      `Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
  );
  await once(socket, 'data');
  socket.write(text('40'));
  let seen = '';
  while (!seen.includes('40{')) seen += String((await once(socket, 'data'))[0]);
  socket.pause();
  return socket;
}

/** Sends as long as the gateway reads, for 1.5 s at most. */
async function pour(socket: Socket, pieces: Iterable<Uint8Array>): Promise<void> {
  const enough = delay(1500);
  let isOver = false;
  void enough.then(() => (isOver = true));
  for (const piece of pieces) {
    if (isOver || socket.destroyed) return;
    if (!socket.write(piece)) await Promise.race([once(socket, 'drain'), once(socket, 'close'), enough]);
  }
}

function* times(count: number, piece: (n: number) => Uint8Array): Iterable<Uint8Array> {
  for (let n = 0; n < count; n++) yield piece(n);
}

const wholeFile = (bytes: Uint8Array) => {
  const sessionID = newSessionID();
  const chunk = { _placeholder: true, num: 0 };
  const facts = { protocol: 1, sessionID, fileName: 'a.bin', chunk, crc32: 0, last: true, fileCrc32: 0 };
  return Buffer.concat([text(`51-7["${BEGIN_UPLOAD}",${JSON.stringify(facts)}]`), frame(2, bytes)]);
};

describe.each(['true', 'false'])('memory held for clients is bounded, with FAST_PATHS=%s', (FAST_PATHS) => {
  let gateway: GatewayProcess;
  let sockets: Socket[];

  beforeEach(async () => {
    gateway = await startGateway({ FAST_PATHS });
    sockets = [];
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await gateway.close();
  });

  async function attack(clients: number, pieces: () => Iterable<Uint8Array>): Promise<number> {
    sockets = await Promise.all(Array.from({ length: clients }, () => deafClient(gateway.url)));
    let most = 0;
    let isOver = false;
    const watch = async () => {
      while (!isOver) {
        most = Math.max(most, (await metricsOf(gateway.url)).residentMib);
        await delay(100);
      }
    };
    const watching = watch();
    await Promise.all(sockets.map((socket) => pour(socket, pieces())));
    const content = randomBytes(3 * MIB);
    const client = createNodeUploadClient({ url: gateway.url });
    await lastValueFrom(client.upload(content, { fileName: 'honest.bin' }));
    client.close();
    isOver = true;
    await watching;
    expect(Object.values(await gateway.storedFiles())).toContain(sha256(content));
    return most;
  }

  const sessionID = 'x'.repeat(64);
  const zeros = Buffer.alloc(16 * MIB);

  const attacks: [string, number, () => Iterable<Uint8Array>][] = [
    [
      'answers that are not read',
      8,
      () => times(400, () => Buffer.concat(Array.from({ length: 1000 }, () => text('427["no_such_event"]')))),
    ],
    [
      'refusals that are not read',
      8,
      () =>
        times(400, (n) =>
          Buffer.concat(
            Array.from({ length: 500 }, () =>
              text(`42["${CANCEL_UPLOAD}",{"sessionID":"${newSessionID()}"}]`.replace('42', `42${n}`)),
            ),
          ),
        ),
    ],
    [
      'session IDs that are sent back',
      8,
      () =>
        times(300, () =>
          Buffer.concat([
            text(`42["${BEGIN_UPLOAD}","${'y'.repeat(100_000)}"]`),
            text(`42["${BEGIN_UPLOAD}","${sessionID}!"]`),
          ]),
        ),
    ],
    [
      'nine of ten attachments',
      8,
      () => [
        text(`510-7["${uploadChunkEvent(sessionID)}",{"chunk":{"_placeholder":true,"num":0}}]`),
        ...times(9, () => frame(2, zeros)),
      ],
    ],
    ['messages that are never whole', 40, () => [frame(2, zeros.subarray(0, 15 * MIB), 16 * MIB)]],
    ['texts that are never whole', 40, () => [frame(1, zeros.subarray(0, 1.9 * MIB), 2 * MIB)]],
    ['whole files that are not awaited', 4, () => times(100, () => wholeFile(zeros.subarray(0, 4 * MIB)))],
    ['small files that are not awaited', 4, () => times(5000, () => wholeFile(zeros.subarray(0, 64 * 1024)))],
  ];
  // The paths differ only for large messages. Unread answers stand for all that pauses a connection.
  const withoutFastPaths = [
    'answers that are not read',
    'nine of ten attachments',
    'messages that are never whole',
    'whole files that are not awaited',
  ];

  it.each(attacks.filter(([name]) => FAST_PATHS === 'true' || withoutFastPaths.includes(name)))(
    '%s',
    async (_, clients, pieces) => {
      expect(await attack(clients, pieces)).toBeLessThan(LIMIT_MIB);
    },
    60_000,
  );
});
