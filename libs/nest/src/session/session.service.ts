import { Injectable } from '@nestjs/common';
import { UploadError, type BegunUpload, type ChunkWritten } from '@upload-streams/protocol';
import type { WantedUpload } from './admission/admission.js';
import { Completion } from './completion/completion.js';
import type { IncomingChunk } from './flow/incoming-chunk.js';
import { SessionEndings } from './session-endings.js';
import { SessionLookup, type UploadStatus } from './session-lookup.js';
import { SessionOpener } from './session-opener.js';
import { SessionRegistry } from './session-registry.js';
import type { UploadConnection } from './upload-connection.js';
import type { UploadSession } from './upload-session.js';

/** How many sessions are kept from expiring in one step. */
const REFRESHED_AT_ONCE = 100;

/** Everything that can happen to an upload, for all workflows. Errors are those of the error table (docs/errors.md). */
@Injectable()
export class SessionService {
  constructor(
    private readonly registry: SessionRegistry,
    private readonly lookup: SessionLookup,
    private readonly opener: SessionOpener,
    private readonly completion: Completion,
    private readonly endings: SessionEndings,
  ) {}

  /** Unfinished uploads that connections to this process hold. */
  get liveCount(): number {
    return this.registry.size;
  }

  /**
   * Creates the session, resumes it, or takes it over from the connection that holds it. `first` is a chunk in the same
   * event: a small file is complete with it.
   */
  begin(connection: UploadConnection, wanted: WantedUpload, first?: IncomingChunk): Promise<BegunUpload> {
    return this.registry.begin(connection, wanted.sessionID, async () => {
      const found = await this.lookup.claim(wanted, connection);
      if (found && 'file' in found) return this.completion.answer(found.file);
      if (!found && first?.last) {
        const record = await this.opener.admitWhole(wanted, connection, first);
        return this.completion.answer(await this.completion.completeWhole(record, connection, first));
      }
      const session = await this.registry.hold(connection, wanted.sessionID, () =>
        found ? this.opener.resume(found.record, connection) : this.opener.create(wanted, connection),
      );
      this.refuseIfLate(session, connection);
      return first && session.isEmpty ? this.receiveFirst(session, connection, first) : session.answerBegin();
    });
  }

  /** Writes a chunk. The last one starts the completion, whose result the connection is told. */
  receive(connection: UploadConnection, sessionID: string, chunk: IncomingChunk): Promise<ChunkWritten> {
    return this.registry.runAfterBegin(connection, sessionID, chunk.chunk.length, async () => {
      const session = this.registry.get(sessionID);
      if (session?.connection !== connection) throw await this.whyNotHeld(connection, sessionID);
      const written = await this.registry.runAnnounced(connection, sessionID, 'writing', () =>
        this.write(session, connection, chunk),
      );
      if (chunk.last) void this.completion.complete(session);
      return written;
    });
  }

  /** Where an upload stands, after a completion or an ending that is in progress. Takes nothing over. */
  status(owner: string | null, sessionID: string): Promise<UploadStatus> {
    return this.registry.runInOrder(sessionID, () => this.lookup.status(owner, sessionID));
  }

  /** Removes a session and its bytes for its owner, even if another connection holds it. */
  async cancel(owner: string | null, sessionID: string): Promise<void> {
    await this.registry.runInOrder(sessionID, async () => {
      await this.endings.cancel(await this.lookup.claimToCancel(owner, sessionID));
    });
  }

  /** Saves the received bytes of a connection that has ended or gives one session up, so that they can be resumed. */
  async release(connection: UploadConnection, sessionID?: string): Promise<void> {
    const held = this.registry.heldBy(connection);
    await this.endings.release(held.filter(({ record }) => sessionID === undefined || record.sessionID === sessionID));
  }

  /** Gives the session up to another gateway. A completion that is in progress is finished first. */
  async yield(sessionID: string): Promise<void> {
    await this.registry.runInOrder(sessionID, async () => {
      const session = this.registry.get(sessionID);
      if (session) await this.endings.yield(session);
    });
  }

  /**
   * Removes a session that nobody has continued since `before` (milliseconds since 1970): see `SessionEndings.expire`.
   */
  expire(sessionID: string, before: number): Promise<'expired' | 'forgotten' | 'kept'> {
    return this.registry.runInOrder(sessionID, () => this.endings.expire(sessionID, before));
  }

  /** Keeps the live sessions of this process from expiring, even if they have written nothing for a long time. */
  async keepAlive(): Promise<void> {
    const sessions = this.registry.all();
    for (let next = 0; next < sessions.length; next += REFRESHED_AT_ONCE) {
      const some = sessions.slice(next, next + REFRESHED_AT_ONCE).filter((session) => this.registry.has(session));
      await Promise.all(some.map((session) => session.refresh().catch(() => undefined)));
    }
  }

  /** Accepts no new work, waits for the work in progress, and saves and closes every session. */
  async drain(): Promise<void> {
    await this.registry.drain();
    await this.endings.release(this.registry.all());
  }

  /** Writes the chunk that came with the begin, during the session's turn. */
  private async receiveFirst(
    session: UploadSession,
    connection: UploadConnection,
    chunk: IncomingChunk,
  ): Promise<BegunUpload> {
    try {
      await session.receive(connection, chunk);
    } catch (error) {
      await this.endings.afterFailure(session, error);
      throw error;
    }
    return chunk.last ? this.completion.answer(await this.completion.completeSession(session)) : session.answerBegin();
  }

  private async write(
    session: UploadSession,
    connection: UploadConnection,
    chunk: IncomingChunk,
  ): Promise<ChunkWritten> {
    try {
      return await session.receive(connection, chunk);
    } catch (error) {
      await this.endings.afterChunkFailure(session, error);
      throw error;
    }
  }

  private async whyNotHeld(connection: UploadConnection, sessionID: string): Promise<UploadError> {
    this.registry.requireAccepting();
    return this.lookup.whyNotHeld(connection, sessionID);
  }

  /** Throws if the connection has ended or the shutdown has begun while the session was being opened. */
  private refuseIfLate(session: UploadSession, connection: UploadConnection): void {
    try {
      this.registry.requireAccepting();
      if (!connection.connected) throw new UploadError('CONNECTION_LOST');
    } catch (error) {
      void this.endings.release([session]);
      throw error;
    }
  }
}
