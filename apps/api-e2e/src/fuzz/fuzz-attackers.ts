import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { RawWebSocket } from '../support/raw-web-socket.ts';
import { wildFrame, wildPacket, wildRequest } from './fuzz-input.ts';
import type { SeededRandom } from '../support/seeded-random.ts';

/** The most inputs on one connection. Most inputs end it earlier. */
const MOST_EACH = 50;

/** Of protocol 1, and of the original workflow. */
const PATHS = ['/upload-streams', '/socket.io'];

const upgradeAt = (path: string) =>
  `GET ${path}/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n` +
  'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';

/** Attacks over one connection. Resolves with the number of inputs that it sent. */
export type Attacker = (url: string, random: SeededRandom) => Promise<number>;

const packets: Attacker = async (url, random) => {
  const raw = await RawWebSocket.open(url, { connect: random.next() < 0.9, path: random.of(PATHS) });
  let sent = 0;
  while (sent < MOST_EACH && raw.isOpen) {
    raw.send(wildPacket(random));
    if (random.next() < 0.3) raw.send(random.bytes(random.below(200)));
    // Now and then, gives the server time to close a connection that broke the protocol.
    if (++sent % 10 === 0) await delay(1);
  }
  raw.close();
  return sent;
};

const polling: Attacker = async (url, random) => {
  const address = `${url}${random.of(PATHS)}/?EIO=4&transport=polling`;
  const opened = await (await fetch(address)).text();
  const session = `${address}&sid=${(JSON.parse(opened.slice(1)) as { sid: string }).sid}`;
  const count = 1 + random.below(5);
  for (let n = 0; n < count; n++) {
    const body = ['40', ...Array.from({ length: 1 + random.below(3) }, () => wildPacket(random))].join('\x1e');
    const { status } = await fetch(session, { method: 'POST', body });
    if (status !== 200) return n + 1;
  }
  return count;
};

/** Sends bytes over a new socket, and closes it soon. */
async function bytesTo(url: string, pieces: readonly Uint8Array[]): Promise<void> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await Promise.race([once(socket, 'connect'), closed]);
  for (const piece of pieces) socket.write(piece);
  socket.resume();
  await Promise.race([closed, delay(20)]);
  socket.resetAndDestroy();
  await closed;
}

const frames: Attacker = async (url, random) => {
  const count = 1 + random.below(MOST_EACH);
  await bytesTo(url, [
    Buffer.from(upgradeAt(random.of(PATHS))),
    ...Array.from({ length: count }, () => wildFrame(random)),
  ]);
  return count;
};

const requests: Attacker = async (url, random) => {
  await bytesTo(url, [wildRequest(random)]);
  return 1;
};

export const ATTACKERS: readonly Attacker[] = [packets, packets, packets, polling, frames, requests];
