import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { UploadError } from '@upload-streams/protocol';
import { once } from 'node:events';
import { filter, firstValueFrom, lastValueFrom, type Observable } from 'rxjs';
import type { Server, Socket } from 'socket.io';
import { createNodeUploadClient } from '../../node.js';
import type { UploadClientOptions } from '../../options/client-options.js';
import type { UploadState } from '../../state/upload-state.js';
import { TransportFixture } from '../../testing/transport-fixture.js';
import { UploadControls } from '../../upload-controls.js';

type Token = UploadClientOptions['token'];

describe('the token of a client', () => {
  let fixture: TransportFixture;
  let server: Server;
  /** What each connection sent. */
  let auths: unknown[];

  beforeEach(async () => {
    fixture = await TransportFixture.start();
    server = fixture.server;
    auths = [];
    server.use((socket, next) => {
      auths.push(socket.handshake.auth);
      next();
    });
  });
  afterEach(async () => {
    jest.useRealTimers();
    await fixture.close();
  });

  const connect = (token: Token, options: UploadClientOptions = {}) =>
    fixture.use(fixture.transportTo({ token, ...options }).connected$);
  const never = () => new Promise<string>(() => undefined);

  it.each<[string, Token]>([
    ['a text', 'secret'],
    ['a function', () => 'secret'],
    ['an asynchronous function', async () => 'secret'],
    // A thenable of another library.
    [
      'a function with a promise of its own',
      () => ({ then: (done: (token: string) => void) => done('secret') }) as never,
    ],
  ])('may be %s', async (_kind, token) => {
    await connect(token).up;
    expect(auths).toEqual([{ token: 'secret' }]);
  });

  it('is asked for with each connection', async () => {
    let asked = 0;
    const transport = fixture.transportTo({ token: async () => `token-${++asked}` });
    const first = fixture.use(transport.connected$);
    await first.up;
    transport.drop(new UploadError('ACK_TIMEOUT'));
    await first.error;
    await fixture.use(transport.connected$).up;
    expect(auths).toEqual([{ token: 'token-1' }, { token: 'token-2' }]);
  });

  it.each<[string, Token]>([
    ['undefined', () => undefined],
    ['null', async () => null],
    ['an empty text', () => ''],
  ])('is left out if the function returns %s, and the server decides', async (_kind, token) => {
    await connect(token).up;
    expect(auths).toEqual([{}]);
  });

  const foreign: unknown[] = [new Error('signed out'), 'text', undefined, { code: 'UNAUTHORIZED' }];
  it.each<[string, () => unknown]>([
    ...foreign.map((reason): [string, () => unknown] => [
      `throws ${String(reason)}`,
      () => {
        throw reason;
      },
    ]),
    ...foreign.map((reason): [string, () => unknown] => [
      `rejects with ${String(reason)}`,
      () => Promise.reject(reason),
    ]),
    ['returns a number', () => 5],
    ['resolves with an object', async () => ({ token: 'secret' })],
  ])('makes the connection fail as TOKEN_UNAVAILABLE if the function %s', async (_kind, token) => {
    const error = await connect(token as Token).error;
    expect(error).toBeInstanceOf(UploadError);
    expect(error).toMatchObject({ code: 'TOKEN_UNAVAILABLE', recovery: 'retry' });
    expect(String(error.cause)).not.toContain('secret');
    expect(auths).toEqual([]);
  });

  it('makes the connection fail if the function does not answer in time', async () => {
    const user = connect(never, { tokenTimeoutMs: 20 });
    expect(await user.error).toMatchObject({ code: 'TOKEN_UNAVAILABLE' });
    expect(auths).toEqual([]);
  });

  it('is not sent over a later connection than the one that it was asked for', async () => {
    const answers: ((token: string) => void)[] = [];
    const asked: (() => void)[] = [];
    const nextQuestion = () => new Promise<void>((resolve) => asked.push(resolve));
    const token = () =>
      new Promise<string>((resolve) => {
        answers.push(resolve);
        asked.shift()?.();
      });
    const transport = fixture.transportTo({ token });
    for (let connection = 0; connection < 2; connection++) {
      const question = nextQuestion();
      const user = fixture.use(transport.connected$);
      await question;
      if (connection === 1) break;
      transport.drop(new UploadError('ACK_TIMEOUT'));
      await user.error;
    }
    answers[0]!('late');
    answers[1]!('secret');
    await fixture.use(transport.connected$).up;
    expect(auths).toEqual([{ token: 'secret' }]);
  });

  it('leaves no timer behind when its connection ends before the answer', async () => {
    const transport = fixture.transportTo({ token: never });
    const opened = once(server.engine, 'connection');
    const user = fixture.use(transport.connected$);
    const [connection] = await opened;
    const closed = once(connection, 'close');
    transport.close();
    expect(await user.error).toMatchObject({ code: 'CONNECTION_LOST' });
    await closed;
  });

  describe('in an upload', () => {
    /** Uploads to this server, which knows no event: only connecting matters here. */
    function upload(token: Token, options: UploadClientOptions = {}, controls = new UploadControls()) {
      const client = createNodeUploadClient({
        url: fixture.url,
        token,
        minRetryDelayMs: 0,
        maxRetryDelayMs: 1,
        ...options,
      });
      const states$ = client.upload(Buffer.of(1), { controls });
      return { client, states$, controls };
    }
    const reasonOf = (states$: Observable<UploadState>) =>
      firstValueFrom(states$.pipe(filter((state) => state.status === 'waiting')));

    it('is asked for again until there is one, however often it fails', async () => {
      let asked = 0;
      const token = () => {
        if (++asked <= 50) throw new Error('no network');
        return 'secret';
      };
      const begun = new Promise((resolve) =>
        server.on('connection', (socket: Socket) => socket.on('begin_upload', resolve)),
      );
      const { client, states$ } = upload(token, { maxAttempts: 2 });
      const subscription = states$.subscribe();
      await begun;
      expect(auths).toEqual([{ token: 'secret' }]);
      subscription.unsubscribe();
      client.close();
    });

    it('shows why the upload waits', async () => {
      const { client, states$ } = upload(never, { tokenTimeoutMs: 20 });
      expect(await reasonOf(states$)).toMatchObject({ reason: { code: 'TOKEN_UNAVAILABLE' } });
      client.close();
    });

    it('ends the upload if the function says that it is not authorized', async () => {
      const { client, states$ } = upload(() => {
        throw new UploadError('UNAUTHORIZED');
      });
      expect(await lastValueFrom(states$)).toMatchObject({ status: 'failed', error: { code: 'UNAUTHORIZED' } });
      client.close();
    });

    it('lets the upload be cancelled at once while it is slow, and a late answer opens nothing', async () => {
      let answer = (_token: string) => undefined as void;
      const asked = new Promise<void>((onAsked) => {
        const token = () => {
          onAsked();
          return new Promise<string>((resolve) => (answer = resolve));
        };
        const { client, states$, controls } = upload(token, { idleTimeoutMs: 0 });
        ended = lastValueFrom(states$);
        cancel = () => controls.cancel();
        close = () => client.close();
      });
      const opened = once(server.engine, 'connection');
      await asked;
      const [connection] = await opened;
      const closed = once(connection, 'close');
      const cancelledAt = performance.now();
      cancel();
      expect(await ended).toMatchObject({ status: 'cancelled' });
      // Three seconds is how long it waits for a server that may know the session.
      expect(performance.now() - cancelledAt).toBeLessThan(2_500);
      await closed;
      answer('late');
      close();
      expect(auths).toEqual([]);
    });
    let ended: Promise<UploadState>;
    let cancel: () => void;
    let close: () => void;
  });
});
