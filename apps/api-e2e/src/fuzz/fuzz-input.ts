import type { SeededRandom } from '../support/seeded-random.ts';

const SESSION = 'fuzzfuzzfuzzfuzzfuzzfu';
const FIELDS =
  'protocol sessionID fileName size type lastModified metadata chunk crc32 last fileCrc32 offset __proto__ extra'.split(
    ' ',
  );

const EVENTS = ['begin_upload', 'cancel_upload', `upload_chunk_${SESSION}`, 'upload_chunk_', 'error', 'toString', ''];

const TEXTS = [
  '',
  SESSION,
  '../../etc/passwd',
  'a\u0000b',
  '\ud83d',
  '\u202Etxt.exe',
  'x'.repeat(5000),
  '\u0300\u0316'.repeat(500),
];

/** Any JSON value, sometimes a valid one. */
export function wildValue(random: SeededRandom, depth = 0): unknown {
  const kinds: (() => unknown)[] = [
    () => null,
    () => random.next() < 0.5,
    () => random.of([0, 1, -1, 1.5, 2 ** 53, 1e308, random.below(2 ** 31)]),
    () => random.of(TEXTS),
    () => ({ _placeholder: true, num: random.below(3) }),
    () => Array.from({ length: random.below(4) }, () => wildValue(random, depth + 1)),
    () => wildObject(random, depth + 1),
  ];
  return random.of(depth > 3 ? kinds.slice(0, 4) : kinds)();
}

function wildObject(random: SeededRandom, depth: number): object {
  const names = Array.from({ length: random.below(10) }, () => random.of(FIELDS));
  return Object.fromEntries(names.map((name) => [name, wildValue(random, depth)]));
}

/** A valid payload with random fields. */
function wildPayload(random: SeededRandom): unknown {
  if (random.next() < 0.3) return wildValue(random);
  const fitting = { protocol: 1, sessionID: SESSION, fileName: 'fuzz.bin', offset: 0, crc32: 0, last: false };
  return { ...fitting, ...wildObject(random, 1) };
}

/** The text of a Socket.IO packet inside an Engine.IO packet, valid or broken. */
export function wildPacket(random: SeededRandom): string {
  const event = random.next() < 0.7 ? random.of(EVENTS) : wildValue(random);
  const content = JSON.stringify([event, wildPayload(random), ...(random.next() < 0.2 ? [wildValue(random)] : [])]);
  const packet = random.of([
    () => `42${random.below(1000)}${content}`,
    () => `42${content}`,
    () => `451-${random.below(1000)}${content}`,
    () => `4${random.below(10)}${random.below(20)}-${content}`,
    () => `43${random.below(10)}${content}`,
    () => `4${random.below(7)}/${random.of(TEXTS)},${content}`,
    () => `${random.below(10)}${content}`,
    () => content,
  ])();
  return random.next() < 0.15 ? broken(random, packet) : packet;
}

function broken(random: SeededRandom, text: string): string {
  const at = random.below(text.length + 1);
  const inserted = random.of(['', '"', '\u0000', '{', ']', '99999999999', '\x1e']);
  return text.slice(0, at) + inserted + text.slice(at + random.below(5));
}

/** A WebSocket frame with a random header. */
export function wildFrame(random: SeededRandom): Buffer {
  const payload = random.next() < 0.5 ? Buffer.from(wildPacket(random)) : random.bytes(random.below(300));
  const length = Math.min(payload.length, 125);
  const declared = random.next() < 0.8 ? length : random.below(128);
  const opcode = random.of([0, 1, 1, 1, 2, 2, 3, 8, 9, 10, 15]);
  const flags = random.of([0x80, 0x80, 0x80, 0, 0xc0, 0xf0]);
  const mask = random.next() < 0.9 ? 0x80 : 0;
  const key = mask ? Buffer.alloc(4) : Buffer.alloc(0);
  return Buffer.concat([Buffer.from([flags | opcode, mask | declared]), key, payload.subarray(0, length)]);
}

/** The bytes of an HTTP request, valid or broken. */
export function wildRequest(random: SeededRandom): Buffer {
  const method = random.of(['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'x']);
  const query = random.of([
    '',
    '?EIO=4&transport=polling',
    '?EIO=4&transport=websocket',
    '?EIO=3&transport=polling',
    '?sid=x&EIO=4&transport=polling',
  ]);
  const path = random.of([
    `/upload-streams/${query}`,
    `/socket.io/${query}`,
    '/api/files',
    '/api/files/%00',
    `/api/files?cursor=${'x'.repeat(500)}`,
    '/health/ready',
    '//',
    '/%',
    '*',
  ]);
  const headers = random.of([
    'Origin: http://evil.example',
    'Origin: \u00ff',
    'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x',
    'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    'Range: bytes=-1,0-,x',
    `Authorization: Bearer ${'x'.repeat(200)}`,
    'Cookie: upload_identity=%',
    'Content-Length: 99999999999',
    'Transfer-Encoding: chunked',
  ]);
  const body = random.next() < 0.5 ? wildPacket(random) : '';
  return Buffer.from(`${method} ${path} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n\r\n${body}`, 'latin1');
}
