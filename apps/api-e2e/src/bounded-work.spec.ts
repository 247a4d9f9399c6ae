import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BEGIN_UPLOAD, CANCEL_UPLOAD, uploadChunkEvent } from '@upload-streams/protocol';
import type { GatewayProcess } from '@upload-streams/testing';
import { startGateway } from './support/gateway.js';
import { metricsOf } from './support/process-metrics.js';
import { RawWebSocket } from './support/raw-web-socket.js';
import { newSessionID } from './support/wire-client.js';

const MIB = 1024 * 1024;

/** The longest turn, and the 10 ms of the timer that measures it. */
const LONGEST_MS = 50 + 10;

/** One try in which no other program interferes is enough. */
const TRIES = 15;

/** Each value has about this many bytes of JSON. */
const VALUES: Readonly<Record<string, (bytes: number) => string>> = {
  'marks that are slow to compose': (bytes) =>
    JSON.stringify(`a${'\u0300'.repeat(bytes / 4)}${'\u0316'.repeat(bytes / 4)}`),
  'escaped characters': (bytes) => `"${'\\ud83d'.repeat(bytes / 6)}"`,
  'an object of many keys': (bytes) =>
    `{${Array.from({ length: bytes / 11 }, (_, n) => `"${n.toString(36)}":""`).join(',')}}`,
  'an array of many arrays': (bytes) => `[${Array.from({ length: bytes / 3 }, () => '[]').join(',')}]`,
  'arrays in arrays': (bytes) => '['.repeat(bytes / 2) + ']'.repeat(bytes / 2),
  'a number of many digits': (bytes) => '9'.repeat(bytes),
};

const FIELDS = {
  [BEGIN_UPLOAD]: ['protocol', 'sessionID', 'fileName', 'size', 'type', 'lastModified', 'metadata', 'crc32', 'extra'],
  [CANCEL_UPLOAD]: ['sessionID', 'extra'],
  [uploadChunkEvent(newSessionID())]: ['offset', 'chunk', 'crc32', 'last', 'fileCrc32', 'extra'],
};

const begin = { protocol: 1, sessionID: 'x'.repeat(22), fileName: 'a.bin' };

function withField(event: string, field: string, value: string): string {
  const rest = JSON.stringify({ ...begin, offset: 0, last: false, [field]: undefined }).slice(1, -1);
  return `["${event}",{${rest},"${field}":${value}}]`;
}

/** Packets with a value in each place where a client may put one. */
function packetsWith(value: string): string[] {
  const inFields = Object.entries(FIELDS).flatMap(([event, fields]) =>
    fields.map((field) => withField(event, field, value)),
  );
  const others = [
    `["${BEGIN_UPLOAD}",${value}]`,
    `["${BEGIN_UPLOAD}",{"sessionID":${value}}]`,
    `["${uploadChunkEvent(newSessionID())}",{"chunk":${value},"last":true}]`,
    `[${value}]`,
    `["no_such_event",${value}]`,
  ];
  return [...inFields, ...others].map((content) => `421${content}`);
}

describe('work for one message is bounded', () => {
  let gateway: GatewayProcess;

  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.close());

  /**
   * The longest turn in milliseconds while a packet is read, on a connection of its own, until the server has answered or
   * hung up. On a busy machine a turn waits for the processor too; its work is never more than the process's CPU time.
   */
  async function longestTurn(packet: string, connected = true): Promise<number> {
    const raw = await RawWebSocket.open(gateway.url, { connect: connected });
    const before = await metricsOf(gateway.url);
    raw.send(packet);
    if (connected) await raw.next();
    else await Promise.race([raw.next(), raw.closed()]);
    const after = await metricsOf(gateway.url);
    raw.close();
    return Math.min(after.longestTurnMs, after.cpuMs - before.cpuMs);
  }

  async function expectShort(packet: string, connected = true): Promise<void> {
    const turns: number[] = [];
    for (let tries = 0; tries < TRIES && !turns.some((turn) => turn <= LONGEST_MS); tries++) {
      turns.push(await longestTurn(packet, connected));
    }
    expect(Math.min(...turns)).toBeLessThanOrEqual(LONGEST_MS);
  }

  describe.each([
    ['1 MiB', MIB],
    ['as much as is read', 120 * 1024],
  ])('%s', (_, bytes) => {
    it.each(Object.keys(VALUES))('of %s, in each field of each event', async (kind) => {
      for (const packet of packetsWith(VALUES[kind]!(bytes))) await expectShort(packet);
    });

    it.each(Object.keys(VALUES))('of %s, in the handshake', async (kind) => {
      const value = VALUES[kind]!(bytes);
      for (const packet of [`40{"token":${value}}`, `40${value}`, `40/${'x'.repeat(bytes)},{}`]) {
        await expectShort(packet, false);
      }
    });
  });
});

/** Who reads the frames of a connection depends on the fast paths; what they may cost does not. */
describe.each(['true', 'false'])('work for the frames of a connection is bounded, with FAST_PATHS=%s', (FAST_PATHS) => {
  let gateway: GatewayProcess;

  beforeAll(async () => {
    gateway = await startGateway({ FAST_PATHS });
  });
  afterAll(() => gateway.close());

  it('many small events at once', async () => {
    const raw = await RawWebSocket.open(gateway.url);
    const turns: number[] = [];
    for (let tries = 0; tries < TRIES && !turns.some((turn) => turn <= LONGEST_MS); tries++) {
      await metricsOf(gateway.url);
      raw.received.length = 0;
      for (let n = 0; n < 20_000; n++) raw.send('42[1]');
      raw.send('427[1]');
      await raw.next();
      turns.push((await metricsOf(gateway.url)).longestTurnMs);
    }
    raw.close();
    expect(Math.min(...turns)).toBeLessThanOrEqual(LONGEST_MS);
  });

  it('a message that is too large is refused where it asks for an answer, and else ends the connection', async () => {
    const raw = await RawWebSocket.open(gateway.url);
    const content = `["${BEGIN_UPLOAD}",{"fileName":"${'x'.repeat(MIB)}"}]`;
    raw.send(`427${content}`);
    expect(await raw.next()).toMatch(/^437\[\{"ok":false,"error":\{"code":"MESSAGE_TOO_LARGE"/);
    raw.send(`42${content}`);
    await raw.closed();
    const other = await RawWebSocket.open(gateway.url);
    other.send(`427["${'x'.repeat(3 * MIB)}"]`);
    await other.closed();
    expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(200);
  });
});
