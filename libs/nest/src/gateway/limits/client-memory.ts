const MIB = 1024 * 1024;

/** The budget for all clients together: unfinished messages, and events that are not answered yet. */
const PROCESS_BYTES = 128 * MIB;

/**
 * How much of the budget one connection may hold: the default of WINDOW_BUDGET, so that with this default a client that
 * respects its windows never waits. With a larger WINDOW_BUDGET, it may wait.
 */
const CONNECTION_BYTES = 64 * MIB;

/** Even if the budget is used up, each connection may hold this much, so that large holders do not block the others. */
const LEAST_SHARE_BYTES = MIB;

/** The approximate cost of an event until it is answered, in addition to its bytes. */
export const EVENT_BYTES = 4 * 1024;

/** A budget of bytes that all connections of the process share. */
export class ClientMemory {
  private held = 0;
  private readonly connections = new Set<ConnectionMemory>();
  private readonly waiting = new Set<ConnectionMemory>();

  constructor(
    private readonly budgetBytes = PROCESS_BYTES,
    private readonly connectionBytes = CONNECTION_BYTES,
  ) {}

  get heldBytes(): number {
    return this.held;
  }

  /** `resume` is called when a connection that was over its limit may continue. */
  join(resume: () => void = () => undefined): ConnectionMemory {
    const connection = new ConnectionMemory(this, resume);
    this.connections.add(connection);
    return connection;
  }

  /** @internal */
  leave(connection: ConnectionMemory): void {
    this.connections.delete(connection);
    this.waiting.delete(connection);
  }

  /**
   * @internal Whether a connection that holds `bytes` is over its limit. If so, `resume` is called when it no longer
   * is.
   */
  isOver(connection: ConnectionMemory, bytes: number): boolean {
    const share = Math.max(LEAST_SHARE_BYTES, this.budgetBytes / this.connections.size);
    const isOver = bytes > this.connectionBytes || (this.held > this.budgetBytes && bytes > share);
    if (isOver) this.waiting.add(connection);
    return isOver;
  }

  /** @internal */
  change(bytes: number): void {
    this.held += bytes;
    // A connection that is still over its limit waits again, and is not resumed twice in one round.
    if (bytes < 0 && this.waiting.size > 0) for (const connection of [...this.waiting]) this.wake(connection);
  }

  private wake(connection: ConnectionMemory): void {
    this.waiting.delete(connection);
    if (!connection.isOver) connection.resume();
  }
}

/** The memory that is held for one connection. */
export class ConnectionMemory {
  private held = 0;

  constructor(
    private readonly all: ClientMemory,
    readonly resume: () => void,
  ) {}

  /** See `ClientMemory.isOver`: asking also registers the connection for `resume`. */
  get isOver(): boolean {
    return this.all.isOver(this, this.held);
  }

  take(bytes: number): void {
    this.held += bytes;
    this.all.change(bytes);
  }

  give(bytes: number): void {
    this.take(-bytes);
  }

  /** Memory that is still held is given back later by its users. */
  leave(): void {
    this.all.leave(this);
  }
}

/** One for the process, because several gateways in it share its memory. */
export const processMemory = new ClientMemory();
