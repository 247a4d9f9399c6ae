import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createNodeUploadClient, type NodeUploadClient, type UploadState } from '@upload-streams/client/node';
import { type FaultConnection, FaultProxy, type GatewayProcess, sha256 } from '@upload-streams/testing';
import { randomBytes } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { lastValueFrom, Subject, takeUntil, tap } from 'rxjs';
import { startGateway } from './support/gateway.js';
import { SeededRandom } from './support/seeded-random.js';
import { untilFolder } from './support/until-folder.js';

const MIB = 1024 * 1024;
const FILE_NAME = 'lost-and-found.bin';
const content = randomBytes(16 * MIB);

/** Overhead: handshakes per connection, and an envelope of about 250 bytes per chunk of at least 16 KiB. */
const HANDSHAKE_BYTES = 2 * 1024;
const ENVELOPE_SHARE = 0.02;

/** A cut loses the chunk in transit, 4 MiB at most, and what is in the buffers of the link. */
const LOST_BY_A_CUT = 6 * MIB;

/** Handshakes and `begin_upload` have no checksum: TLS protects them. */
const BEFORE_CHUNKS = 1000;

/** Fast, but slow enough that the system's buffers never hold a whole file. */
const FAST_LINK = { upstream: { bytesPerSecond: 50 * MIB } };

/** How often a fault may come too late on a busy machine. */
const TRIES = 10;

interface Interruption {
  /** Picks the state at which `act` runs, once. */
  readonly when: (state: UploadState) => boolean;
  /** Gets the connection of that moment. */
  readonly act: (connection: FaultConnection, state: UploadState) => void | Promise<void>;
}

describe('a lost connection', () => {
  let gateway: GatewayProcess;
  let proxy: FaultProxy;
  let client: NodeUploadClient;
  /** Traffic of the link before the upload that is measured. */
  let before: { bytes: number; connections: number };
  /** Stops an upload that outlives its test: uploads never give up by themselves. */
  let testOver: AbortController;
  const stop$ = new Subject<void>();

  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.close());
  beforeEach(async () => {
    testOver = new AbortController();
    before = { bytes: 0, connections: 0 };
    proxy = await FaultProxy.open({ port: gateway.port });
    proxy.shape(FAST_LINK);
    client = newClient();
  });
  afterEach(async () => {
    testOver.abort();
    stop$.next();
    client.close();
    await proxy.close();
  });

  const newClient = () => createNodeUploadClient({ url: proxy.url, minRetryDelayMs: 20, ackTimeoutMs: 700 });

  /** Uploads to the end through an interruption. The right file must be stored, and nothing else. Returns all states. */
  async function upload(bytes: Uint8Array, interruption?: Interruption): Promise<UploadState[]> {
    const leftBefore = await gateway.partialFiles();
    const states: UploadState[] = [];
    let interrupted: Promise<void> | undefined;
    const states$ = client.upload(bytes, { fileName: FILE_NAME }).pipe(
      takeUntil(stop$),
      tap((state) => {
        states.push(state);
        if (interrupted || !interruption?.when(state)) return;
        const [connection] = proxy.connections;
        interrupted = (async () => interruption.act(connection!, state))();
      }),
    );
    const last = await lastValueFrom(states$);
    await interrupted;
    expect(last).toMatchObject({ status: 'completed' });
    const fileId = last.status === 'completed' ? last.file.fileId : '';
    expect(sha256(await readFile(join(gateway.dataDir, 'files', fileId, FILE_NAME)))).toBe(sha256(bytes));
    expect(await gateway.partialFiles()).toEqual(leftBefore);
    return states;
  }

  /**
   * Uploads, and acts between the last ack and the success. On a busy machine both may arrive at once: then it uploads
   * again, with a new client.
   */
  async function uploadHitAtEnd(act: Interruption['act']): Promise<UploadState[]> {
    // The last ack has arrived, and the success is in transit.
    proxy.shape({ ...FAST_LINK, downstream: { delayMs: 150 } });
    for (let tries = 1; ; tries++) {
      before = { bytes: proxy.sent('upstream'), connections: proxy.connectionCount };
      const states = await upload(content, { when: ({ status }) => status === 'verifying', act });
      if (reasonsOf(states).length > 0 || tries === TRIES) return states;
      client.close();
      proxy.cut();
      client = newClient();
    }
  }

  /** Waits for a condition of the unfinished uploads on the server's disk. */
  async function onDisk(isTrue: (partialFolder: string) => Promise<boolean>): Promise<void> {
    const path = join(gateway.dataDir, 'partial');
    await untilFolder(path, () => isTrue(path), testOver.signal);
  }

  const past = (share: number) => (state: UploadState) => state.uploaded > content.length * share;

  const reasonsOf = (states: UploadState[]) =>
    states.flatMap((state) => (state.status === 'waiting' ? [state.reason.code] : []));

  /** The server's offsets at the start and each time that the upload resumed. */
  const beginnings = (states: UploadState[]) =>
    states.flatMap(({ status, uploaded }, n) =>
      status === 'uploading' && states[n - 1]?.status !== status ? [uploaded] : [],
    );

  /** Bytes sent to the server in addition to the file, handshakes and envelopes. */
  const sentTwice = ({ length }: Uint8Array): number =>
    proxy.sent('upstream') -
    before.bytes -
    length * (1 + ENVELOPE_SHARE) -
    (proxy.connectionCount - before.connections) * HANDSHAKE_BYTES;

  it('sends nothing twice where nothing is lost', async () => {
    await upload(content);
    expect(proxy.connectionCount).toBe(1);
    expect(sentTwice(content)).toBeLessThan(0);
  });

  it.each(['reset', 'end'] as const)('goes on after a cut (%s) in the middle of a chunk', async (kind) => {
    proxy.forNext((connection) => connection.after('upstream', 9 * MIB + 12_345, () => connection.cut(kind)));
    const states = await upload(content);
    expect(reasonsOf(states)).toEqual(['CONNECTION_LOST']);
    expect(beginnings(states)[1]).toBeGreaterThan(4 * MIB);
    expect(sentTwice(content)).toBeLessThan(LOST_BY_A_CUT);
  });

  it('goes on behind what was written, where the acks for it were lost', async () => {
    proxy.shape({ upstream: { bytesPerSecond: 20 * MIB } });
    let ackedThen = 0;
    const states = await upload(content, {
      when: past(0.3),
      act: async (connection, { uploaded }) => {
        ackedThen = uploaded;
        connection.drop('downstream');
        await onDisk(async (folder) => {
          const [name] = await readdir(folder);
          return (await stat(join(folder, name!))).size > ackedThen;
        });
        connection.cut();
      },
    });
    expect(reasonsOf(states)).toEqual(['CONNECTION_LOST']);
    expect(beginnings(states)[1]).toBeGreaterThan(ackedThen);
    expect(sentTwice(content)).toBeLessThan(LOST_BY_A_CUT);
  });

  it.each([200, 20_000])('goes on after a cut %d bytes before the end, in the last chunk', async (before) => {
    proxy.forNext((connection) => connection.after('upstream', content.length - before, () => connection.cut()));
    const states = await upload(content);
    expect(reasonsOf(states)).toEqual(['CONNECTION_LOST']);
    expect(states.findIndex(({ status }) => status === 'verifying')).toBeGreaterThan(
      states.findIndex(({ status }) => status === 'waiting'),
    );
    expect(sentTwice(content)).toBeLessThan(LOST_BY_A_CUT);
  });

  it('learns of a success that was told to a connection that is gone', async () => {
    const states = await uploadHitAtEnd(async (connection) => {
      connection.drop('downstream');
      await onDisk(async (folder) => (await readdir(folder)).length === 0);
      connection.cut();
    });
    expect(reasonsOf(states)).toEqual(['CONNECTION_LOST']);
    expect(beginnings(states)).toEqual([0]);
    expect(sentTwice(content)).toBeLessThan(0);
  });

  it('takes no notice of a connection that it loses afterwards', async () => {
    await upload(content);
    proxy.cut();
    await upload(randomBytes(1000));
  });

  it.each([1, 64 * 1024, 64 * 1024 + 1])('uploads %d bytes although the first connections are cut', async (size) => {
    for (const bytes of [0, 100, 700]) {
      proxy.forNext((connection) => connection.after('upstream', bytes, () => connection.cut()));
      proxy.forNext((connection) => connection.after('downstream', bytes, () => connection.cut()));
    }
    const states = await upload(randomBytes(size));
    expect(new Set(reasonsOf(states))).toEqual(new Set(['CONNECTION_LOST']));
  });

  it('survives forty cuts at random places, and sends little twice', async () => {
    const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
    const random = new SeededRandom(seed);
    try {
      let cuts = 0;
      proxy.shape({ upstream: { bytesPerSecond: 30 * MIB } });
      proxy.forEach((connection) => {
        if (cuts >= 40) return;
        const cut = () => {
          cuts++;
          connection.cut(random.next() < 0.8 ? 'reset' : 'end');
        };
        // A connection is cut within its first MiB, often during the handshakes.
        connection.after('upstream', Math.floor(MIB * random.next() ** 2), cut);
        if (random.next() < 0.3) connection.after('downstream', random.below(1000), cut);
      });
      const states = await upload(content);
      const offsets = beginnings(states);
      expect([...offsets].sort((a, b) => a - b)).toEqual(offsets);
      expect(cuts).toBeGreaterThan(10);
      expect(sentTwice(content) / cuts).toBeLessThan(0.6 * MIB);
    } catch (error) {
      throw new Error(`with SEED=${seed}`, { cause: error });
    }
  }, 30_000);

  it('notices within seconds that a connection is open but dead, and goes on over a new one', async () => {
    // Without the time limit for acks, only Socket.IO's heartbeat would notice: as CONNECTION_LOST, after half a minute.
    const states = await upload(content, { when: past(0.3), act: (connection) => connection.freeze() });
    expect(reasonsOf(states)).toEqual(['ACK_TIMEOUT']);
  });

  it('notices within seconds that a connection died after the last ack', async () => {
    const states = await uploadHitAtEnd((connection) => connection.freeze());
    expect(reasonsOf(states)).toEqual(['ACK_TIMEOUT']);
  });

  it.each([
    ['the handshake', 0, 'CONNECTION_LOST'],
    ['the begin', 300, 'ACK_TIMEOUT'],
  ])('notices within seconds that a connection died before it answered %s', async (_, bytes, code) => {
    proxy.forNext((connection) => connection.after('downstream', bytes, () => connection.freeze()));
    expect(reasonsOf(await upload(content))).toEqual([code]);
  });

  it.each([40_000, 1_000_000, 16 * MIB])(
    'stores the right file although a bit of byte %d changed on the way',
    async (at) => {
      proxy.forNext((connection) => connection.flipBit('upstream', at));
      const states = await upload(content);
      expect(reasonsOf(states)).toHaveLength(1);
    },
  );

  it('stores the right file wherever behind the begin a bit changes on the way: in frames, envelopes or chunks', async () => {
    const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
    const random = new SeededRandom(seed);
    const small = content.subarray(0, 150 * 1024);
    try {
      // Every other one around the first chunks' envelopes, the rest anywhere.
      for (let n = 0; n < 30; n++) {
        const at = BEFORE_CHUNKS + random.below(n % 2 === 0 ? 1000 : small.length);
        proxy.forNext((connection) => connection.flipBit('upstream', at));
        await upload(small);
        proxy.cut();
      }
    } catch (error) {
      throw new Error(`with SEED=${seed}`, { cause: error });
    }
  }, 60_000);
});
