import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { GatewayProcess } from '@upload-streams/testing';
import { crc32 } from 'node:zlib';
import { startGateway } from './support/gateway.js';
import { HttpClient } from './support/http-client.js';
import { newSessionID, WireClient } from './support/wire-client.js';

const ALICE = 'alice-has-a-random-secret-0123456789';
const MALLORY = 'mallory-has-another-secret-0123456789';
const bytes = Buffer.from('private');
const whole = { size: bytes.length, chunk: bytes, crc32: crc32(bytes), last: true, fileCrc32: crc32(bytes) };

describe('ownership', () => {
  let gateway: GatewayProcess;
  let alice: WireClient;
  let mallory: WireClient;
  let nobody: WireClient;

  beforeAll(async () => {
    gateway = await startGateway();
    alice = await WireClient.connect(gateway.url, ALICE);
    mallory = await WireClient.connect(gateway.url, MALLORY);
    nobody = await WireClient.connect(gateway.url);
  });
  afterAll(async () => {
    for (const client of [alice, mallory, nobody]) client.close();
    await gateway.close();
  });

  const forbidden = { ok: false, error: expect.objectContaining({ code: 'SESSION_FORBIDDEN' }) };

  it('lets no stranger resume or cancel a session, even one who knows its ID', async () => {
    const sessionID = newSessionID();
    await alice.begin(sessionID, { size: 100 });
    for (const stranger of [mallory, nobody]) {
      expect(await stranger.begin(sessionID, { size: 100 })).toEqual(forbidden);
      expect(await stranger.cancel(sessionID)).toEqual(forbidden);
      expect(await stranger.chunk(sessionID, 0, bytes)).toMatchObject({ ok: false });
    }
    expect(await alice.chunk(sessionID, 0, bytes)).toMatchObject({ ok: true, offset: bytes.length });
  });

  it('lets no stranger learn the file of a completed session', async () => {
    const sessionID = newSessionID();
    await alice.begin(sessionID, whole);
    expect(await mallory.begin(sessionID, whole)).toEqual(forbidden);
  });

  it('lets no stranger list, download or delete a file', async () => {
    const begun = await alice.begin(newSessionID(), whole);
    const { url, fileId } = (begun.ok && begun.completed) as { url: string; fileId: string };
    for (const stranger of [new HttpClient(gateway.url, MALLORY), new HttpClient(gateway.url)]) {
      expect(await stranger.list()).toEqual({ files: [] });
      expect((await stranger.get(url)).status).toBe(404);
      expect((await stranger.delete(url)).status).toBe(404);
    }
    const { files } = await new HttpClient(gateway.url, ALICE).list();
    expect(files.map((file) => file.fileId)).toContain(fileId);
  });

  it('knows the owner of a request by the cookie that the page sets, for downloads by a plain link', async () => {
    const begun = await alice.begin(newSessionID(), whole);
    const { url } = (begun.ok && begun.completed) as { url: string };
    const response = await new HttpClient(gateway.url).get(url, { Cookie: `upload_identity=${ALICE}` });
    expect(await response.text()).toBe('private');
  });

  it('lets a client without a secret own its uploads by their session ID alone', async () => {
    const sessionID = newSessionID();
    const begun = await nobody.begin(sessionID, whole);
    const { url } = (begun.ok && begun.completed) as { url: string };
    const anyone = new HttpClient(gateway.url);
    expect((await anyone.get(url.split('?')[0]!)).status).toBe(404);
    expect((await anyone.get(`${url.split('?')[0]}?sessionID=${newSessionID()}`)).status).toBe(404);
    expect(await (await anyone.get(url)).text()).toBe('private');
    expect((await anyone.delete(url)).status).toBe(204);
  });

  it('refuses a credential that is no secret, with an error of the catalogue', async () => {
    await expect(WireClient.connect(gateway.url, 'x')).rejects.toMatchObject({ data: { code: 'UNAUTHORIZED' } });
    expect((await new HttpClient(gateway.url, 'x').get('/api/files')).status).toBe(401);
  });
});
