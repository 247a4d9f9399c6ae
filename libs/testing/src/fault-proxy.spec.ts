import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { FaultProxy } from './fault-proxy.js';

/** Resolves when a socket is closed, whether an error came before or not. */
const closing = (socket: Socket): Promise<void> =>
  new Promise((resolve) => (socket.closed ? resolve() : socket.once('close', () => resolve())));

const activeTimersAndSockets = (): number =>
  process.getActiveResourcesInfo().filter((name) => /Timeout|TCPSocketWrap/.test(name)).length;

async function destroyed(...sockets: Socket[]): Promise<void> {
  for (const socket of sockets) socket.destroy();
  await Promise.all(sockets.map(closing));
}

describe('FaultProxy', () => {
  let server: Server;
  let proxy: FaultProxy;
  /** The server's ends of the connections. */
  let accepted: Socket[];
  let clients: Socket[];

  beforeEach(async () => {
    accepted = [];
    clients = [];
    server = createServer({ allowHalfOpen: true }, (socket) => {
      accepted.push(socket);
      socket.on('error', () => undefined).pipe(socket);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    proxy = await FaultProxy.open({ port: (server.address() as AddressInfo).port });
  });
  afterEach(async () => {
    await proxy.close();
    await destroyed(...clients, ...accepted);
    await new Promise((resolve) => server.close(resolve));
  });

  /** A client that keeps what it receives. */
  class Client {
    readonly socket = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
    readonly closed = new Promise<string>((resolve) => {
      let how = 'closed';
      this.socket.on('error', (error: NodeJS.ErrnoException) => (how = error.code!));
      this.socket.on('close', () => resolve(how));
    });
    received = Buffer.alloc(0);

    constructor() {
      clients.push(this.socket);
      this.socket.setNoDelay();
      this.socket.on('data', (bytes: Buffer) => (this.received = Buffer.concat([this.received, bytes])));
    }

    async has(bytes: number): Promise<Buffer> {
      while (this.received.length < bytes) await once(this.socket, 'data');
      return this.received;
    }

    /** Sends, waits for the echo, and returns how long that took in milliseconds. */
    async echo(bytes: Uint8Array): Promise<number> {
      const started = performance.now();
      const before = this.received.length;
      this.socket.write(bytes);
      await this.has(before + bytes.length);
      return performance.now() - started;
    }
  }

  async function connected(): Promise<Client> {
    const made = proxy.next();
    const client = new Client();
    await Promise.all([once(client.socket, 'connect'), made]);
    await client.echo(Buffer.from('hello'));
    return client;
  }

  it('passes everything on, both ways, and counts it', async () => {
    const client = await connected();
    const bytes = randomBytes(3_000_000);
    await client.echo(bytes);
    expect(client.received.subarray(5).equals(bytes)).toBe(true);
    expect([proxy.sent('upstream'), proxy.sent('downstream'), proxy.connectionCount]).toEqual([
      3_000_005, 3_000_005, 1,
    ]);
    client.socket.end();
    expect(await client.closed).toBe('closed');
    expect(proxy.sent('upstream')).toBe(3_000_005);
    expect(proxy.connections).toEqual([]);
  });

  it('passes a half-close on, and what comes after it from the other side', async () => {
    const client = await connected();
    client.socket.end('goodbye');
    expect(await client.closed).toBe('closed');
    expect(client.received.toString()).toBe('hellogoodbye');
  });

  it('resets the client when the server can not be reached', async () => {
    server.close();
    const client = new Client();
    expect(await client.closed).toBe('ECONNRESET');
  });

  it('delays each direction, and lets bytes follow one another meanwhile', async () => {
    const client = await connected();
    proxy.shape({ upstream: { delayMs: 60 }, downstream: { delayMs: 40 } });
    const small = await client.echo(Buffer.from('ping'));
    expect(small).toBeGreaterThanOrEqual(98);
    // A link that waited for each piece of 64 KiB would take 16 × 100 ms and more.
    expect(await client.echo(randomBytes(1024 * 1024))).toBeLessThan(1600);
  });

  it('limits the rate of a direction, and makes the sender wait', async () => {
    const client = await connected();
    proxy.shape({ upstream: { bytesPerSecond: 1_000_000 } });
    const tookMs = await client.echo(randomBytes(400_000));
    expect(tookMs).toBeGreaterThan(360);
    // A tenth of the rate would take 4 s.
    expect(tookMs).toBeLessThan(4000);
    proxy.shape({ upstream: { bytesPerSecond: 10_000 } });
    client.socket.write(randomBytes(20_000_000));
    await client.has(client.received.length + 1);
    expect(client.socket.writableNeedDrain).toBe(true);
    expect(proxy.sent('upstream')).toBeLessThan(1_000_000);
  });

  it.each([
    ['reset', 'ECONNRESET'],
    ['end', 'closed'],
  ] as const)('cuts with %s after exactly so many bytes', async (kind, how) => {
    proxy.forNext((connection) => connection.after('downstream', 100_000, () => connection.cut(kind)));
    const client = new Client();
    client.socket.on('end', () => client.socket.end());
    client.socket.write(randomBytes(300_000));
    expect(await client.closed).toBe(how);
    expect(client.received.length).toBe(100_000);
    const next = await connected();
    await next.echo(randomBytes(300_000));
  });

  it('cuts after a time', async () => {
    proxy.forNext((connection) => connection.afterMs(50, () => connection.cut()));
    const started = performance.now();
    const client = new Client();
    expect(await client.closed).toBe('ECONNRESET');
    expect(performance.now() - started).toBeGreaterThanOrEqual(48);
  });

  it('cuts all connections at once, towards both sides', async () => {
    const clients = await Promise.all([connected(), connected()]);
    const ended = accepted.map(closing);
    proxy.cut();
    expect(await Promise.all(clients.map(({ closed }) => closed))).toEqual(['ECONNRESET', 'ECONNRESET']);
    await Promise.all(ended);
  });

  it('cuts a connection of which one side does not read, and closes after it', async () => {
    const client = await connected();
    client.socket.pause();
    const full = new Promise((resolve) => accepted[0]!.once('pause', resolve));
    client.socket.write(randomBytes(30_000_000));
    await full;
    const ended = closing(accepted[0]!);
    proxy.cut();
    await ended;
    await proxy.close();
    proxy = await FaultProxy.open({ port: 1 });
  });

  it('closes right after a cut', async () => {
    await Promise.all([connected(), connected()]);
    proxy.cut('end');
    proxy.cut();
    await proxy.close();
    proxy = await FaultProxy.open({ port: 1 });
  });

  it('freezes a connection that stays open, not the next one, and loses nothing when it is thawed', async () => {
    const client = await connected();
    proxy.freeze();
    const bytes = randomBytes(500_000);
    client.socket.write(bytes);
    const other = await connected();
    await other.echo(bytes);
    expect([client.received.length, client.socket.readyState]).toEqual([5, 'open']);
    proxy.unfreeze();
    expect((await client.has(500_005)).subarray(5).equals(bytes)).toBe(true);
  });

  it('freezes one direction only', async () => {
    const client = await connected();
    proxy.freeze('downstream');
    client.socket.write('there');
    await once(accepted[0]!, 'data');
    expect(client.received.toString()).toBe('hello');
    proxy.unfreeze('downstream');
    expect((await client.has(10)).toString()).toBe('hellothere');
  });

  it('hides the end of a frozen connection from the other side', async () => {
    const client = await connected();
    const [connection] = proxy.connections;
    proxy.freeze();
    client.socket.write('late');
    client.socket.resetAndDestroy();
    await (await connected()).echo(Buffer.from('meanwhile'));
    expect(accepted[0]!.destroyed).toBe(false);
    const late = once(accepted[0]!, 'data');
    const ended = closing(accepted[0]!);
    connection!.unfreeze();
    expect(String(await late)).toBe('late');
    await ended;
  });

  it('drops what one direction carries without telling anyone', async () => {
    const client = await connected();
    proxy.connections[0]!.drop('downstream');
    client.socket.write('unheard');
    await once(accepted[0]!, 'data');
    const dropped = new Promise<void>((resolve) => proxy.connections[0]!.after('downstream', 12, resolve));
    await dropped;
    expect([client.received.toString(), client.socket.readyState]).toEqual(['hello', 'open']);
  });

  it('flips one bit of the byte that it is told', async () => {
    const client = await connected();
    proxy.connections[0]!.flipBit('upstream', 70_005);
    const bytes = randomBytes(100_000);
    await client.echo(bytes);
    bytes[70_000]! ^= 1;
    expect(client.received.subarray(5).equals(bytes)).toBe(true);
  });

  it('applies a plan to each connection until it is taken back', async () => {
    const stop = proxy.forEach((connection) => connection.after('downstream', 3, () => connection.cut()));
    for (let n = 0; n < 3; n++) {
      const client = new Client();
      client.socket.write('hello');
      await client.closed;
      expect(client.received.toString()).toBe('hel');
    }
    stop();
    await connected();
  });

  it('leaves no socket and no timer behind', async () => {
    const before = activeTimersAndSockets();
    const client = await connected();
    proxy.shape({ downstream: { delayMs: 60_000 } });
    proxy.connections[0]!.afterMs(60_000, () => undefined);
    client.socket.write('under way');
    await once(accepted[0]!, 'data');
    await proxy.close();
    await destroyed(client.socket, ...accepted);
    proxy = await FaultProxy.open({ port: 1 });
    expect(activeTimersAndSockets()).toBeLessThanOrEqual(before);
  });
});
