import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { FaultConnection, type CutKind, type Direction, type LinkShapes } from './fault-proxy-connection.js';

/** Where a proxy leads to. */
export interface FaultProxyTarget {
  readonly port: number;
  /** @default '127.0.0.1' */
  readonly host?: string;
}

/** What happens to a connection, decided when it is made. */
export type FaultPlan = (connection: FaultConnection) => void;

/**
 * A TCP proxy between a client and a server, on which every fault of a network can be set. It makes links slow and long,
 * and cuts, freezes, drops and damages what passes; it counts all of it. Making a connection takes none of the delay.
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

  /** A proxy on a port of 127.0.0.1; the system chooses one where none is given. */
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

  /** Those that are open, the oldest first. */
  get connections(): readonly FaultConnection[] {
    return [...this.open];
  }

  /** Bytes that came from the senders of a direction, over all connections that there ever were. */
  sent(direction: Direction): number {
    return this.connections.reduce((sum, connection) => sum + connection.sent(direction), this.past[direction]);
  }

  /** What the link is like from now on, for present and coming connections; a direction left out has no limits. */
  shape(shapes: LinkShapes): void {
    this.shapes = shapes;
  }

  /** A plan for the next connection only. Several plans go to as many connections, in turn. */
  forNext(plan: FaultPlan): void {
    this.nextPlans.push(plan);
  }

  /** A plan for each connection to come, until the function that is returned is called. */
  forEach(plan: FaultPlan): () => void {
    this.standingPlans.add(plan);
    return () => this.standingPlans.delete(plan);
  }

  /** The next connection, as soon as it is made. */
  next(): Promise<FaultConnection> {
    return new Promise((resolve) => this.forNext(resolve));
  }

  /** Cuts all connections now; new ones go through. */
  cut(kind?: CutKind): void {
    for (const connection of this.open) connection.cut(kind);
  }

  /** Freezes all connections; new ones go through. */
  freeze(direction?: Direction): void {
    for (const connection of this.open) connection.freeze(direction);
  }

  unfreeze(direction?: Direction): void {
    for (const connection of this.open) connection.unfreeze(direction);
  }

  /** Ends everything; resolves when no socket and no timer is left. */
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
