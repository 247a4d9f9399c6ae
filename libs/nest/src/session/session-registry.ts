import { Inject, Injectable } from '@nestjs/common';
import { UploadError, type UploadInProgress } from '@upload-streams/protocol';
import { KeyedQueues } from '../concurrency/serial-queue.js';
import { UPLOAD_OPTIONS, type ResolvedUploadOptions } from '../upload-options.js';
import { PendingBegins } from './pending-begins.js';
import type { UploadConnection } from './upload-connection.js';
import type { UploadSession } from './upload-session.js';
import { WorkInProgress } from './work-in-progress.js';

/** The live sessions of this process. Knows which connection holds which, and runs the work on each in order. */
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

  /** Whether this object is the live session of its ID. */
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

  /**
   * Waits for the session's turn, then runs the work, so that begin, completion, cancellation, handover, expiry and
   * every ending of a session never overlap. Only writing chunks needs no turn. Must not be called during a turn of the
   * session.
   */
  runInOrder<T>(sessionID: string, work: () => Promise<T>): Promise<T> {
    return this.order.run(sessionID, work);
  }

  /** Begins a session in its turn. Chunks that the same connection sends meanwhile wait: see `runAfterBegin`. */
  begin<T>(connection: UploadConnection, sessionID: string, work: () => Promise<T>): Promise<T> {
    return this.begins.run(connection, sessionID, () =>
      this.runAnnounced(connection, sessionID, 'beginning', async () => {
        this.requireAccepting();
        return this.runInOrder(sessionID, work);
      }),
    );
  }

  /**
   * Handles a chunk at once, or after the pending begin of its connection. Throws WINDOW_EXCEEDED if too much waits.
   */
  runAfterBegin<T>(connection: UploadConnection, sessionID: string, bytes: number, take: () => Promise<T>): Promise<T> {
    return this.begins.runAfter(connection, sessionID, bytes, take);
  }

  /**
   * Runs work that a client waits for. If it takes long, the client is told every few seconds that it is in progress.
   */
  runAnnounced<T>(
    connection: UploadConnection,
    sessionID: string,
    step: UploadInProgress['step'],
    work: () => Promise<T>,
  ): Promise<T> {
    return this.works.run(connection, sessionID, step, work);
  }

  /**
   * Opens a session with `open`, makes it live, and counts it for its connection. If the connection holds too many,
   * throws TOO_MANY_SESSIONS before anything is opened.
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

  /** Counts the session no longer for its connection, because `next` takes it over. `hold` counts it for `next`. */
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

  /** Accepts no new work, and resolves when all work in progress has ended. */
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
