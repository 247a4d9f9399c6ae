import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { FaultConnection, type CutKind, type Direction, type LinkShapes } from './fault-proxy-connection.js';

/** The server behind a proxy. */
export interface FaultProxyTarget {
  readonly port: number;
  /** @default '127.0.0.1' */
  readonly host?: string;
}

/** Prepares faults for a connection when it is made. */
export type FaultPlan = (connection: FaultConnection) => void;

/**
 * A TCP proxy between a client and a server that can produce every fault of a network. It makes links slow and long, and
 * cuts, freezes, drops and damages traffic, and counts it. Connecting is not delayed.
 *
 * ```ts
 * const proxy = await FaultProxy.open({ port });
 * proxy.shape({ upstream: { delayMs: 50, bytesPerSecond: 1_000_000 } });
 * proxy.forNext((connection) => connection.after('upstream', 100_000, () => connection.cut()));
 * ```
 */
export class FaultProxy {
  /** How many connections have been made through it. */
  connectionCount = 0;
  private readonly open = new Set<FaultConnection>();
  private readonly past: Record<Direction, number> = { upstream: 0, downstream: 0 };
  private readonly nextPlans: FaultPlan[] = [];
  private readonly standingPlans = new Set<FaultPlan>();
  private shapes: LinkShapes = {};

  private constructor(
    private readonly server: Server,
    private readonly target: FaultProxyTarget,
  ) {
    server.on('connection', (client) => this.join(client));
  }

  /** Opens a proxy on 127.0.0.1. Port 0 lets the system choose one. */
  static async open(target: FaultProxyTarget, port = 0): Promise<FaultProxy> {
    const server = createServer({ allowHalfOpen: true }).listen(port, '127.0.0.1');
    await once(server, 'listening');
    return new FaultProxy(server, target);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The open connections, the oldest first. */
  get connections(): readonly FaultConnection[] {
    return [...this.open];
  }

  /** Bytes that the senders of a direction have sent, over all connections so far. */
  sent(direction: Direction): number {
    return this.connections.reduce((sum, connection) => sum + connection.sent(direction), this.past[direction]);
  }

  /** Sets delay and rate for present and future connections. A direction that is left out has no limits. */
  shape(shapes: LinkShapes): void {
    this.shapes = shapes;
  }

  /** Sets a plan for the next connection only. Several plans go to the next connections in order. */
  forNext(plan: FaultPlan): void {
    this.nextPlans.push(plan);
  }

  /** Sets a plan for each future connection, until the returned function is called. */
  forEach(plan: FaultPlan): () => void {
    this.standingPlans.add(plan);
    return () => this.standingPlans.delete(plan);
  }

  /** Resolves with the next connection as soon as it is made. */
  next(): Promise<FaultConnection> {
    return new Promise((resolve) => this.forNext(resolve));
  }

  /** Cuts all connections. New ones go through. */
  cut(kind?: CutKind): void {
    for (const connection of this.open) connection.cut(kind);
  }

  /** Freezes all connections. New ones go through. */
  freeze(direction?: Direction): void {
    for (const connection of this.open) connection.freeze(direction);
  }

  unfreeze(direction?: Direction): void {
    for (const connection of this.open) connection.unfreeze(direction);
  }

  /** Closes everything. Resolves when no socket and no timer is left. */
  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    const connections = this.connections;
    for (const connection of connections) connection.destroy();
    await Promise.all([closed, ...connections.map((connection) => connection.closed)]);
  }

  private join(client: Socket): void {
    const { port, host = '127.0.0.1' } = this.target;
    const server = connect({ port, host, allowHalfOpen: true });
    const connection = new FaultConnection(client, server, () => this.shapes);
    this.open.add(connection);
    this.connectionCount++;
    void connection.closed.then(() => this.leave(connection));
    this.nextPlans.shift()?.(connection);
    for (const plan of this.standingPlans) plan(connection);
  }

  private leave(connection: FaultConnection): void {
    this.open.delete(connection);
    this.past.upstream += connection.sent('upstream');
    this.past.downstream += connection.sent('downstream');
  }
}
