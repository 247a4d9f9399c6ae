import { Inject, Injectable } from '@nestjs/common';
import { UploadError, type UploadInProgress } from '@upload-streams/protocol';
import { KeyedQueues } from '../concurrency/serial-queue.js';
import { UPLOAD_OPTIONS, type ResolvedUploadOptions } from '../upload-options.js';
import { PendingBegins } from './pending-begins.js';
import type { UploadConnection } from './upload-connection.js';
import type { UploadSession } from './upload-session.js';
import { WorkInProgress } from './work-in-progress.js';

/** The sessions that are live in this process: which connection holds which, and in which order things happen to each. */
@Injectable()
export class SessionRegistry {
  private readonly sessions = new Map<string, UploadSession>();
  private readonly held = new Map<UploadConnection, Set<string>>();
  private readonly order = new KeyedQueues();
  private readonly begins = new PendingBegins();
  private readonly works = new WorkInProgress();
  private draining = false;

  constructor(
    @Inject(UPLOAD_OPTIONS) private readonly options: Pick<ResolvedUploadOptions, 'maxSessionsPerConnection'>,
  ) {}

  /** Live sessions. */
  get size(): number {
    return this.sessions.size;
  }

  get(sessionID: string): UploadSession | undefined {
    return this.sessions.get(sessionID);
  }

  /** Whether this very session is the live one of its ID. */
  has(session: UploadSession): boolean {
    return this.sessions.get(session.record.sessionID) === session;
  }

  all(): UploadSession[] {
    return [...this.sessions.values()];
  }

  heldBy(connection: UploadConnection): UploadSession[] {
    return [...(this.held.get(connection) ?? [])]
      .map((sessionID) => this.sessions.get(sessionID))
      .filter((session) => session !== undefined);
  }

  /** Begin, complete, cancel, yield and release of one session never overlap. */
  runInOrder<T>(sessionID: string, work: () => Promise<T>): Promise<T> {
    return this.order.run(sessionID, work);
  }

  /** Begins a session in its order. Chunks that the same connection sends meanwhile wait: see `runAfterBegin`. */
  begin<T>(connection: UploadConnection, sessionID: string, work: () => Promise<T>): Promise<T> {
    return this.begins.run(connection, sessionID, () =>
      this.runAnnounced(connection, sessionID, 'beginning', async () => {
        this.requireAccepting();
        return this.runInOrder(sessionID, work);
      }),
    );
  }

  /** Takes a chunk at once, or after the begin that it came behind. Throws WINDOW_EXCEEDED where too much waits. */
  runAfterBegin<T>(connection: UploadConnection, sessionID: string, bytes: number, take: () => Promise<T>): Promise<T> {
    return this.begins.runAfter(connection, sessionID, bytes, take);
  }

  /** Runs work that a client waits for. Where it takes long, the client is told every few seconds that it goes on. */
  runAnnounced<T>(
    connection: UploadConnection,
    sessionID: string,
    step: UploadInProgress['step'],
    work: () => Promise<T>,
  ): Promise<T> {
    return this.works.run(connection, sessionID, step, work);
  }

  /**
   * Makes the session live that `open` returns, and counts it for its connection. Throws TOO_MANY_SESSIONS, before anything
   * is opened, where the connection holds too many.
   */
  async hold(
    connection: UploadConnection,
    sessionID: string,
    open: () => Promise<UploadSession>,
  ): Promise<UploadSession> {
    this.reserve(connection, sessionID);
    try {
      const session = await open();
      this.sessions.set(sessionID, session);
      return session;
    } catch (error) {
      this.unreserve(connection, sessionID);
      throw error;
    }
  }

  /** Another connection takes the session over, for which it is counted by `hold`. */
  leave(session: UploadSession, next: UploadConnection): void {
    if (session.connection !== next) this.unreserve(session.connection, session.record.sessionID);
  }

  remove({ record, connection }: UploadSession): void {
    this.sessions.delete(record.sessionID);
    this.unreserve(connection, record.sessionID);
  }

  /** Throws SERVER_DRAINING once the shutdown has begun. */
  requireAccepting(): void {
    if (this.draining) throw new UploadError('SERVER_DRAINING');
  }

  /** Accepts no new work, and resolves when all that was in progress has ended. */
  async drain(): Promise<void> {
    this.draining = true;
    await this.order.settled();
  }

  private reserve(connection: UploadConnection, sessionID: string): void {
    const { maxSessionsPerConnection: maxSessions } = this.options;
    const ids = this.held.get(connection) ?? new Set();
    if (ids.size >= maxSessions && !ids.has(sessionID)) throw new UploadError('TOO_MANY_SESSIONS', { maxSessions });
    this.held.set(connection, ids.add(sessionID));
  }

  private unreserve(connection: UploadConnection, sessionID: string): void {
    const ids = this.held.get(connection);
    ids?.delete(sessionID);
    if (ids?.size === 0) this.held.delete(connection);
  }
}
