import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type GatewayProcess, sha256, uploadAsOriginalClient } from '@upload-streams/testing';
import { BEGIN_UPLOAD, uploadChunkEvent } from '@upload-streams/protocol';
import { randomBytes } from 'node:crypto';
import { startGateway } from './support/gateway.js';
import { WireClient } from './support/wire-client.js';

const ALLOWED = 'https://app.example.com';

/** 21 URL-safe characters, as the original client generates them. */
const originalID = () => randomBytes(16).toString('base64url').slice(0, 21);

describe('the original workflow', () => {
  let gateway: GatewayProcess;

  beforeAll(async () => {
    gateway = await startGateway({ CORS_ORIGINS: ALLOWED });
  });
  afterAll(() => gateway.close());

  const storedAs = async (fileId: string) =>
    Object.entries(await gateway.storedFiles()).find(([path]) => path.startsWith(fileId))?.[1];

  it.each([
    ['in chunks of 10 KiB', 100_000, {}],
    ['with an empty last chunk', 102_400, { emptyLast: true }],
    ['of no bytes at all', 0, {}],
    ['in chunks of 3 MiB, past where the original lost data', 10_000_000, { chunkBytes: 3 * 1024 * 1024 }],
    ['from a page of an allowed origin', 50_000, { origin: ALLOWED }],
  ])('stores a file %s, identical to the last bit', async (_, size, options) => {
    const content = randomBytes(size);
    const file = await uploadAsOriginalClient(gateway.url, content, { sessionID: originalID(), ...options });
    expect(file.size).toBe(size);
    expect(await storedAs(file.fileId)).toBe(sha256(content));
  });

  it('begins with an object that names the session and the file, too', async () => {
    const sessionID = originalID();
    const begin = { sessionID, fileName: 'holiday.jpg', size: 5, type: 'image/jpeg' };
    const file = await uploadAsOriginalClient(gateway.url, Buffer.from('bytes'), { sessionID, begin });
    expect(file).toMatchObject({ fileName: 'holiday.jpg', type: 'image/jpeg', size: 5 });
  });

  it('gives the client a URL that its session ID opens, to nobody else', async () => {
    const file = await uploadAsOriginalClient(gateway.url, Buffer.from('bytes'), { sessionID: originalID() });
    expect(await (await fetch(gateway.url + file.url)).text()).toBe('bytes');
    expect((await fetch(`${gateway.url}/api/files/${file.fileId}`)).status).toBe(404);
  });

  it('refuses a page of any other origin', async () => {
    const upload = uploadAsOriginalClient(gateway.url, Buffer.from('x'), {
      sessionID: originalID(),
      origin: 'https://evil.example',
    });
    await expect(upload).rejects.toThrow();
  });

  it.each(['too-short', '../../../../etc/passwd!!'])(
    'tells of the session ID %j in a readable string',
    async (sessionID) => {
      await expect(uploadAsOriginalClient(gateway.url, Buffer.from('x'), { sessionID })).rejects.toThrow(/session ID/);
    },
  );

  it('refuses a session ID that was used before', async () => {
    const sessionID = originalID();
    await uploadAsOriginalClient(gateway.url, Buffer.from('one'), { sessionID });
    await expect(uploadAsOriginalClient(gateway.url, Buffer.from('two'), { sessionID })).rejects.toThrow(/in use/);
  });

  it('tells of a chunk without a session, and acknowledges nothing', async () => {
    const client = await WireClient.connectAsOriginal(gateway.url);
    const sessionID = originalID();
    const told = client.failure(sessionID);
    let acknowledged = false;
    client.socket.emit(
      uploadChunkEvent(sessionID),
      { chunk: Buffer.from('x'), last: true },
      () => (acknowledged = true),
    );
    expect(await told).toMatchObject({ code: 'SESSION_NOT_FOUND' });
    expect(acknowledged).toBe(false);
    client.close();
  });

  it('leaves nothing of an upload whose client went away', async () => {
    const client = await WireClient.connectAsOriginal(gateway.url);
    const sessionID = originalID();
    await client.request(BEGIN_UPLOAD, sessionID);
    await client.request(uploadChunkEvent(sessionID), { chunk: Buffer.from('half'), last: false });
    expect(await gateway.partialFiles()).toHaveLength(1);
    client.close();
    await eventually(async () => (await gateway.partialFiles()).length === 0);
  });
});

/** Checks again until it holds, because the server may notice a closed connection late. Jest's time limit ends it. */
async function eventually(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve));
}
