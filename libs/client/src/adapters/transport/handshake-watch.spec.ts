import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ERRORS, UploadError } from '@upload-streams/protocol';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { filter, firstValueFrom, lastValueFrom, map, Subject, type Observable } from 'rxjs';
import type { Server } from 'socket.io';
import { createNodeUploadClient, type NodeUploadClient } from '../../node.js';
import type { UploadState } from '../../state/upload-state.js';
import { PlainProxy } from '../../testing/plain-proxy.js';
import { TransportFixture } from '../../testing/transport-fixture.js';
import { UploadControls } from '../../upload-controls.js';
import { HandshakeWatch } from './handshake-watch.js';

describe('HandshakeWatch', () => {
  let probes: Subject<UploadError | undefined>[];
  let watch: HandshakeWatch;
  const cause = new Error('refused');

  beforeEach(() => {
    jest.useFakeTimers();
    probes = [];
    watch = new HandshakeWatch(() => {
      probes.push(new Subject());
      return probes.at(-1)!;
    });
  });
  afterEach(() => void jest.useRealTimers());

  const answer = (found: UploadError | undefined) => {
    probes.at(-1)!.next(found);
    probes.at(-1)!.complete();
  };
  const fail = () => {
    watch.begin();
    return watch.failed(cause);
  };

  it('reports a lost connection until a probe has found something', () => {
    expect(fail()).toMatchObject({ code: 'CONNECTION_LOST', cause });
    expect(fail()).toMatchObject({ code: 'CONNECTION_LOST' });
    answer(undefined);
    expect(fail()).toMatchObject({ code: 'CONNECTION_LOST' });
  });

  it('reports what a probe found before the handshake began, not during it', () => {
    fail();
    watch.begin();
    const blocked = new UploadError('WEBSOCKET_BLOCKED');
    answer(blocked);
    expect(watch.failed(cause)).toMatchObject({ code: 'CONNECTION_LOST' });
    expect(fail()).toBe(blocked);
  });

  it('probes once in ten seconds, however often handshakes fail, and forgets what is out of date', () => {
    for (let failures = 0; failures < 1000; failures++) fail();
    expect(probes).toHaveLength(1);
    answer(new UploadError('WEBSOCKET_BLOCKED'));
    jest.advanceTimersByTime(9_999);
    expect(fail()).toMatchObject({ code: 'WEBSOCKET_BLOCKED' });
    expect(probes).toHaveLength(1);
    jest.advanceTimersByTime(1);
    fail();
    expect(probes).toHaveLength(2);
    answer(undefined);
    expect(fail()).toMatchObject({ code: 'CONNECTION_LOST' });
  });

  it('ends its probe when it is stopped or a handshake succeeds, and then forgets everything', () => {
    fail();
    watch.stop();
    expect(probes[0]!.observed).toBe(false);
    jest.advanceTimersByTime(10_000);
    fail();
    answer(new UploadError('WEBSOCKET_BLOCKED'));
    watch.begin();
    watch.opened();
    expect(fail()).toMatchObject({ code: 'CONNECTION_LOST' });
    expect(probes).toHaveLength(3);
  });
});

describe('a client behind a proxy that passes no WebSockets on', () => {
  let fixture: TransportFixture;
  let server: Server;
  let proxy: PlainProxy;
  let client: NodeUploadClient;
  /** Ends all uploads. */
  let stop: AbortController;

  beforeEach(async () => {
    fixture = await TransportFixture.start();
    server = fixture.server;
    proxy = await PlainProxy.start(fixture.url);
    stop = new AbortController();
    client = createNodeUploadClient({ url: proxy.url, minRetryDelayMs: 20, maxRetryDelayMs: 20, idleTimeoutMs: 0 });
  });
  afterEach(async () => {
    stop.abort();
    client.close();
    await proxy.close();
    await fixture.close();
  });

  const upload = (controls = new UploadControls()) => client.upload(Buffer.of(1), { controls, signal: stop.signal });
  const reasons = (states$: Observable<UploadState>) =>
    states$.pipe(
      filter((state) => state.status === 'waiting'),
      map(({ reason }) => reason),
    );
  const blocked = (states$: Observable<UploadState>) =>
    firstValueFrom(reasons(states$).pipe(filter(({ code }) => code === 'WEBSOCKET_BLOCKED')));

  it('shows that WebSockets are blocked, probes once, and uploads when they are not any more', async () => {
    const states$ = upload();
    const begun = new Promise((resolve) => server.on('connection', (socket) => socket.on('begin_upload', resolve)));
    const codes: string[] = [];
    const subscription = reasons(states$).subscribe(({ code }) => {
      codes.push(code);
      proxy.letsThrough ||= code === 'WEBSOCKET_BLOCKED';
    });
    await begun;
    subscription.unsubscribe();
    expect(codes[0]).toBe('CONNECTION_LOST');
    expect(codes.at(-1)).toBe('WEBSOCKET_BLOCKED');
    expect(proxy.plainRequests).toBe(1);
  });

  it('says with which status the address answers', async () => {
    expect((await blocked(upload())).details).toEqual({ status: 400 });
  });

  it('shows a lost connection if there is no gateway behind the proxy', async () => {
    await fixture.server.close();
    const codes = new Set<string>();
    const seen = new Promise<void>((resolve) => {
      let waits = 0;
      subscription = reasons(upload()).subscribe(({ code }) => {
        codes.add(code);
        if (proxy.plainRequests > 0 && ++waits === 10) resolve();
      });
    });
    await seen;
    subscription.unsubscribe();
    expect([...codes]).toEqual(['CONNECTION_LOST']);
  });
  let subscription: { unsubscribe(): void };

  it('fails with ORIGIN_NOT_ALLOWED if the gateway refuses the page', async () => {
    const message = ERRORS.ORIGIN_NOT_ALLOWED.message();
    server.engine.opts.allowRequest = (_, decide) => decide(message, false);
    // As the gateway answers a probe.
    server.engine.use((request: IncomingMessage, response: ServerResponse, next: () => void) =>
      request.method === 'POST' ? response.writeHead(403).end(JSON.stringify({ message })) : next(),
    );
    proxy.letsThrough = true;
    expect(await lastValueFrom(upload())).toMatchObject({ status: 'failed', error: { code: 'ORIGIN_NOT_ALLOWED' } });
  });

  it('ends a probe that has no answer when the last upload is stopped', async () => {
    const asked = proxy.holdPlainRequests();
    const first = upload().subscribe();
    const second = upload().subscribe();
    const held = await asked;
    const closed = once(held, 'close');
    first.unsubscribe();
    expect(held.destroyed).toBe(false);
    second.unsubscribe();
    await closed;
  });

  it('can be cancelled at once', async () => {
    const controls = new UploadControls();
    const ended = lastValueFrom(upload(controls));
    await blocked(upload());
    controls.cancel();
    expect(await ended).toMatchObject({ status: 'cancelled' });
  });
});
