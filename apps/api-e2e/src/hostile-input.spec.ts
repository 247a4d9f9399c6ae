import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  BEGIN_UPLOAD,
  CANCEL_UPLOAD,
  ERROR_CODES,
  uploadChunkEvent,
  uploadErrorEvent,
  type Ack,
  type UploadErrorBody,
} from '@upload-streams/protocol';
import type { GatewayProcess } from '@upload-streams/testing';
import fc from 'fast-check';
import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { startGateway } from './support/gateway.js';
import { RawWebSocket } from './support/raw-web-socket.js';
import { newSessionID, WireClient } from './support/wire-client.js';

const MIB = 1024 * 1024;
const refusal = (code: string, details?: object) => ({
  ok: false,
  error: expect.objectContaining({ code, message: expect.any(String), ...(details && { details }) }),
});

describe.each(['true', 'false'])('hostile input, with FAST_PATHS=%s', (FAST_PATHS) => {
  let gateway: GatewayProcess;
  let client: WireClient;
  let sessionID: string;

  beforeAll(async () => {
    gateway = await startGateway({
      FAST_PATHS,
      MAX_FILE_SIZE: '20MiB',
      ALLOWED_TYPES: 'image/*,application/octet-stream',
      MAX_CHUNK_SIZE: '1MiB',
      WINDOW_BUDGET: '2MiB',
      MAX_SESSIONS_PER_CONNECTION: '40',
    });
  });
  afterAll(() => gateway.close());
  beforeEach(async () => {
    client = await WireClient.connect(gateway.url);
    sessionID = newSessionID();
  });
  afterEach(async () => {
    client.close();
    expect(await gateway.storedFiles()).toEqual({});
    const { status } = await fetch(`${gateway.url}/health/ready`);
    expect(status).toBe(200);
  });

  describe('begin_upload', () => {
    it.each([
      ['../../etc/passwd', 'slash'],
      ['a/b.txt', 'slash'],
      ['nul\u0000.txt', 'NUL character'],
      ['n'.repeat(300), '255 characters'],
      ['..', 'only dots'],
      ['', 'empty'],
    ])('refuses the file name %j', async (fileName, problem) => {
      const ack = await client.begin(sessionID, { fileName });
      expect(ack).toEqual(refusal('FILE_NAME_INVALID', { problem: expect.stringContaining(problem) }));
    });

    it.each([
      ['a short session ID', () => ({ sessionID: 'short' }), 'SESSION_ID_INVALID'],
      ['a session ID that is a path', () => ({ sessionID: '../../../../../tmp/xx' }), 'SESSION_ID_INVALID'],
      ['a file that is too large', () => ({ size: 20 * MIB + 1 }), 'FILE_TOO_LARGE'],
      ['a type that is not allowed', () => ({ type: 'text/html' }), 'TYPE_NOT_ALLOWED'],
      ['a protocol of the future', () => ({ protocol: 2 }), 'UNSUPPORTED_PROTOCOL'],
      ['a size in words', () => ({ size: 'large' }), 'INVALID_PAYLOAD'],
      ['a negative size', () => ({ size: -1 }), 'INVALID_PAYLOAD'],
      ['a chunk that is text', () => ({ chunk: 'text', crc32: 0 }), 'INVALID_PAYLOAD'],
      ['a chunk without its checksum', () => ({ chunk: Buffer.from('x') }), 'INVALID_PAYLOAD'],
    ])('refuses %s', async (_, fields, code) => {
      expect(await client.begin(sessionID, fields())).toEqual(refusal(code));
    });

    it('refuses a session ID that is in use for another file', async () => {
      await client.begin(sessionID, { size: 10, fileName: 'a.bin' });
      expect(await client.begin(sessionID, { size: 11, fileName: 'a.bin' })).toEqual(refusal('SESSION_MISMATCH'));
      expect(await client.begin(sessionID, { size: 10, fileName: 'b.bin' })).toEqual(refusal('SESSION_MISMATCH'));
    });

    it('takes a name in either Unicode form for the same file', async () => {
      await client.begin(sessionID, { size: 10, fileName: 'Übung.bin'.normalize('NFD') });
      expect(await client.begin(sessionID, { size: 10, fileName: 'Übung.bin'.normalize('NFC') })).toMatchObject({
        ok: true,
      });
    });

    it('takes names that no other system has, and a date that is none', async () => {
      const fileName = 'a\\b\tc\nd\u0085\uD83D.bin';
      const begin = () => client.begin(sessionID, { size: 10, fileName, lastModified: null });
      expect(await begin()).toMatchObject({ ok: true });
      expect(await client.begin(sessionID, { size: 10, fileName, lastModified: 1.5 })).toMatchObject({ ok: true });
    });

    it('refuses more in it than a small file', async () => {
      const chunk = randomBytes(64 * 1024 + 1);
      const whole = { chunk, crc32: crc32(chunk), last: true, fileCrc32: crc32(chunk) };
      expect(await client.begin(sessionID, whole)).toEqual(refusal('CHUNK_TOO_LARGE', { maxChunkSize: 64 * 1024 }));
    });

    it('sends no long session ID back', async () => {
      const original = await WireClient.connectAsOriginal(gateway.url);
      const longID = 'x'.repeat(100_000);
      expect(await original.request(BEGIN_UPLOAD, longID)).toEqual(refusal('SESSION_ID_INVALID'));
      const chunk = { chunk: Buffer.from('x'), last: true };
      expect(await original.request(uploadChunkEvent(longID), chunk)).toEqual(refusal('SESSION_ID_INVALID'));
      original.close();
    });

    it('refuses more sessions than a connection may have', async () => {
      const acks = await Promise.all(Array.from({ length: 41 }, () => client.begin(newSessionID(), { size: 1 })));
      expect(acks.filter(({ ok }) => !ok)).toEqual([refusal('TOO_MANY_SESSIONS', { maxSessions: 40 })]);
    });
  });

  describe('upload_chunk', () => {
    const bytes = randomBytes(1000);

    beforeEach(async () => {
      await client.begin(sessionID, { size: 5000 });
    });

    it('refuses a chunk for a session of nobody', async () => {
      expect(await client.chunk(newSessionID(), 0, bytes)).toEqual(refusal('SESSION_NOT_FOUND'));
    });

    it('refuses a chunk out of order, and says what it wants', async () => {
      expect(await client.chunk(sessionID, 1000, bytes)).toEqual(refusal('OFFSET_MISMATCH', { offset: 0 }));
    });

    it('refuses a chunk that overlaps what it has', async () => {
      await client.chunk(sessionID, 0, bytes);
      expect(await client.chunk(sessionID, 500, bytes)).toEqual(refusal('OFFSET_MISMATCH', { offset: 1000 }));
    });

    it('refuses a chunk with a wrong checksum, and takes it when it is right', async () => {
      expect(await client.chunk(sessionID, 0, bytes, { crc32: 1 })).toEqual(refusal('CHECKSUM_MISMATCH'));
      expect(await client.chunk(sessionID, 0, bytes)).toMatchObject({ ok: true, offset: 1000 });
    });

    it('refuses a chunk that is too large', async () => {
      const other = newSessionID();
      await client.begin(other, { size: 2 * MIB });
      expect(await client.chunk(other, 0, randomBytes(MIB + 1))).toEqual(
        refusal('CHUNK_TOO_LARGE', { maxChunkSize: MIB }),
      );
    });

    it.each([
      ['text', 'text'],
      ['a number', 42],
      ['an array', [1, 2, 3]],
      ['nothing', undefined],
    ])('refuses %s in place of bytes', async (_, chunk) => {
      const ack = await client.request(uploadChunkEvent(sessionID), { offset: 0, chunk, crc32: 0, last: false });
      expect(ack).toEqual(refusal('INVALID_CHUNK'));
    });

    it('drops a session whose bytes are more than its size', async () => {
      expect(await client.chunk(sessionID, 0, randomBytes(5001))).toEqual(
        refusal('SIZE_MISMATCH', { size: 5000, received: 5001 }),
      );
      expect(await client.chunk(sessionID, 0, bytes)).toEqual(refusal('SESSION_NOT_FOUND'));
    });

    it('drops a session whose last chunk comes early', async () => {
      const ack = await client.chunk(sessionID, 0, bytes, { last: true, fileCrc32: crc32(bytes) });
      expect(ack).toEqual(refusal('SIZE_MISMATCH', { size: 5000, received: 1000 }));
    });

    it('drops a session whose bytes are not those of the file', async () => {
      const all = randomBytes(5000);
      const ack = await client.chunk(sessionID, 0, all, { last: true, fileCrc32: crc32(all) + 1 });
      expect(ack).toEqual(refusal('FILE_CHECKSUM_MISMATCH'));
    });

    it('drops a live stream that outgrows the largest file', async () => {
      const stream = newSessionID();
      await client.begin(stream);
      const piece = randomBytes(MIB);
      for (let offset = 0; offset < 20 * MIB; offset += MIB) {
        expect(await client.chunk(stream, offset, piece)).toMatchObject({ ok: true });
      }
      expect(await client.chunk(stream, 20 * MIB, piece)).toEqual(refusal('FILE_TOO_LARGE', { maxBytes: 20 * MIB }));
    });

    it('disconnects who ignores the window', async () => {
      const stream = newSessionID();
      const begun = await client.begin(stream);
      const piece = randomBytes(MIB);
      const chunks = Math.ceil((begun.ok ? begun.window : 0) / MIB) + 8;
      const acks: Ack<object>[] = [];
      for (let number = 0; number < chunks; number++) {
        void client.chunk(stream, (number + 100) * MIB, piece).then((ack) => acks.push(ack));
      }
      await client.disconnected();
      expect(acks).toContainEqual(refusal('WINDOW_EXCEEDED'));
    });
  });

  it('refuses to cancel what does not exist, and what is no session ID', async () => {
    expect(await client.cancel(sessionID)).toEqual(refusal('SESSION_NOT_FOUND'));
    expect(await client.cancel('x')).toEqual(refusal('SESSION_ID_INVALID'));
  });

  it('answers thousands of malformed events with errors of the error table, and stays up', async () => {
    const event = fc.constantFrom(BEGIN_UPLOAD, CANCEL_UPLOAD, uploadChunkEvent(sessionID));
    const field = fc.oneof(
      fc.constant(sessionID),
      fc.string(),
      fc.integer(),
      fc.constant(null),
      fc.uint8Array({ maxLength: 20 }),
    );
    const keys = fc.constantFrom(
      'protocol',
      'sessionID',
      'fileName',
      'size',
      'chunk',
      'crc32',
      'offset',
      'last',
      '__proto__',
    );
    const payload = fc.oneof(
      fc.dictionary(keys, field).map((fields) => ({ protocol: 1, offset: 0, ...fields })),
      field,
    );
    await fc.assert(
      fc.asyncProperty(event, payload, async (name, content) => {
        const answer = await answerTo(client, name, content);
        if (!answer.ok) expect(ERROR_CODES).toContain(answer.error.code);
      }),
      { numRuns: 3000 },
    );
    expect(client.socket.connected).toBe(true);
    expect(gateway.log).not.toContain('ERROR');
    await client.cancel(sessionID);
  });

  describe('event names', () => {
    it.each(['1', '-0.5', '"no_such_event"', '"begin_upload_"', '"error"', '"toString"', '"__proto__"'])(
      'answers an event called %s that it does not have one, and goes on',
      async (name) => {
        const raw = await RawWebSocket.open(gateway.url);
        raw.send(`42[${name}]`);
        raw.send(`427[${name},{}]`);
        expect(await raw.next()).toMatch(/^437\[\{"ok":false,"error":\{"code":"UNKNOWN_EVENT"/);
        raw.send(`428["cancel_upload",{"sessionID":"${newSessionID()}"}]`);
        expect(await raw.next()).toContain('SESSION_NOT_FOUND');
        raw.close();
      },
    );

    it('a number over long polling does no harm', async () => {
      const address = `${gateway.url}/upload-streams/?EIO=4&transport=polling`;
      const opened = (await (await fetch(address)).text()).slice(1);
      const session = `${address}&sid=${(JSON.parse(opened) as { sid: string }).sid}`;
      const post = (body: string) => fetch(session, { method: 'POST', body });
      expect((await post('40')).status).toBe(200);
      expect(await (await fetch(session)).text()).toMatch(/^40/);
      expect((await post('42[1]\x1e423[1]')).status).toBe(200);
      expect(await (await fetch(session)).text()).toContain('UNKNOWN_EVENT');
    });
  });

  it('touches nothing outside of its data folder', async () => {
    const before = await readdir(dirname(gateway.dataDir));
    await client.begin(sessionID, { fileName: '..%2f..%2foutside.bin', size: 1 });
    await client.chunk(sessionID, 0, Buffer.from('x'));
    await client.cancel(sessionID);
    expect(await readdir(dirname(gateway.dataDir))).toEqual(before);
  });
});

/** The ack. For events that look like the original workflow, `upload_error_{ID}`. */
function answerTo({ socket }: WireClient, event: string, payload: unknown): Promise<Ack<object>> {
  return new Promise((resolve) => {
    const settle = (ack: Ack<object>) => {
      socket.offAny(onError);
      resolve(ack);
    };
    const onError = (name: string, _message: string, error: UploadErrorBody) => {
      if (name.startsWith(uploadErrorEvent(''))) settle({ ok: false, error });
    };
    socket.onAny(onError);
    socket.emit(event, payload, settle);
  });
}
