import { Inject, Injectable, Logger } from '@nestjs/common';
import { isUploadError, UploadError } from '@upload-streams/protocol';
import type { SessionRecord } from '../contracts/records.js';
import { UPLOAD_STORE, type LostSession, type UploadStore } from '../contracts/upload-store.js';
import { StorageService } from '../storage/storage.service.js';
import { SessionRegistry } from './session-registry.js';
import { UploadEvents } from './upload-events.js';
import type { UploadSession } from './upload-session.js';

/** Why a gateway lost a session: another connection or gateway holds it, or its record is missing. */
type LostCode = 'SESSION_TAKEN_OVER' | 'SESSION_NOT_FOUND';

/**
 * All ways to end a session except completion. `release`, `fence` and `afterChunkFailure` wait for the session's turn
 * themselves (`SessionRegistry.runInOrder`). The others have to be called during it.
 */
@Injectable()
export class SessionEndings {
  private readonly logger = new Logger(SessionEndings.name);

  constructor(
    private readonly registry: SessionRegistry,
    @Inject(UPLOAD_STORE) private readonly store: UploadStore,
    private readonly storage: StorageService,
    private readonly events: UploadEvents,
  ) {}

  /** Gives the session up to another gateway: tells its client and saves the received bytes. */
  async yield(session: UploadSession, reason: LostCode = 'SESSION_TAKEN_OVER'): Promise<void> {
    session.connection.failed(session.record.sessionID, new UploadError(reason));
    await this.close(session);
  }

  /** Closes the session and saves the received bytes, so that the client can resume. */
  async close(session: UploadSession): Promise<void> {
    if (!this.registry.has(session)) return;
    this.registry.remove(session);
    await session.close().catch((error) => this.warnUnlessLost(error));
  }

  /**
   * Closes sessions whose connection has ended or whose gateway is stopping. Sessions that cannot be resumed are
   * discarded.
   */
  async release(sessions: readonly UploadSession[]): Promise<void> {
    await Promise.all(
      sessions.map((session) =>
        this.registry
          .runInOrder(session.record.sessionID, async () => {
            if (!this.registry.has(session)) return;
            await (session.record.resumable ? this.close(session) : this.discard(session.record));
          })
          // A session that can't be saved must not keep the others from being saved.
          .catch((error) => this.warnUnlessLost(error)),
      ),
    );
  }

  async cancel(record: SessionRecord): Promise<void> {
    const { sessionID } = record;
    this.registry.get(sessionID)?.connection.failed(sessionID, new UploadError('UPLOAD_CANCELLED'));
    await this.discard(record);
    this.events.emit({ type: 'cancelled', sessionID });
  }

  /**
   * Removes a session that nobody has continued since `before` (milliseconds since 1970), with its unfinished bytes.
   * For a completed session, only the record is removed; the file stays.
   */
  async expire(sessionID: string, before: number): Promise<'expired' | 'forgotten' | 'kept'> {
    const record = await this.store.find(sessionID);
    if (!record || record.updatedAt >= before || this.registry.get(sessionID)) return 'kept';
    if (record.completed) await this.store.remove(sessionID);
    else await this.discard(record, record.epoch);
    return record.completed ? 'forgotten' : 'expired';
  }

  /**
   * Discards a session that cannot continue. The client is told the reason. If the bytes cannot be removed now, the
   * session expires later.
   */
  async fail(session: UploadSession): Promise<void> {
    await this.discard(session.record, session.epoch).catch((error) => this.logger.warn(error));
  }

  /** Handles an error in a session: discards it if its bytes are useless, closes it if it can be reopened. */
  async afterFailure(session: UploadSession, error: unknown): Promise<void> {
    const fate = session.fateAfter(error);
    if (fate === 'discarded') await this.fail(session);
    else if (fate === 'closed') await this.close(session);
  }

  /**
   * Handles the error of a chunk. It waits for the session's turn: if the session ended during a begin, that begin
   * would open the partial file while it is still open here. An error that changes nothing needs no turn.
   */
  async afterChunkFailure(session: UploadSession, error: unknown): Promise<void> {
    if (session.fateAfter(error) === 'unchanged') return;
    const { sessionID } = session.record;
    await this.registry.runInOrder(sessionID, async () => {
      const live = this.registry.get(sessionID);
      // If the upload was begun again meanwhile, the error is not about the session that is live now.
      if (live === undefined || live === session) await this.afterFailure(session, error);
    });
  }

  /** This gateway has lost the session. Returns the error for its client, and gives the session up in its turn. */
  fence(session: UploadSession, epoch: number, outcome: LostSession): UploadError {
    const code = this.reportLoss(session, outcome);
    this.registry
      .runInOrder(session.record.sessionID, async () => {
        if (session.epoch === epoch && this.registry.has(session)) await this.yield(session, code);
      })
      .catch((error) => this.logger.error(error));
    return new UploadError(code);
  }

  /**
   * Returns the error code for a client whose session this gateway has lost, and logs a missing record. A session that
   * is missing from the store has to be started again.
   */
  reportLoss({ record }: UploadSession, outcome: LostSession): LostCode {
    if (outcome === 'fenced') return 'SESSION_TAKEN_OVER';
    this.logger.error(
      `The record of the unfinished upload ${record.fileId} is missing in the session store: it was removed, or the store ` +
        'lost data. The client has to begin it again.',
    );
    return 'SESSION_NOT_FOUND';
  }

  /**
   * Removes a session and its bytes. Only the gateway that still owns the record may remove the bytes, so the record
   * goes first; after a crash in between, the bytes are orphaned and go to quarantine. If the disk is full, the bytes
   * go first, because removing the record needs space; a disk has only one gateway. If it is unknown whether the record
   * was removed, the bytes stay. See docs/decisions/0019-deletions.md.
   */
  private async discard({ sessionID, fileId }: SessionRecord, epoch?: number): Promise<void> {
    const session = this.registry.get(sessionID);
    if (session) this.registry.remove(session);
    const remove = () => this.store.remove(sessionID, epoch ?? session?.epoch);
    try {
      const removed = await remove().catch(unlessFull);
      if (removed === false || (await this.isInCatalogue(fileId))) return await session?.close();
      await session?.discard();
      await this.storage.discard(fileId);
      // There may be a complete file that is not in the catalogue: it was refused, or a crash came before its entry.
      await this.storage.remove(fileId);
      if (removed === undefined) await remove();
    } catch (error) {
      // Nobody else closes it. The session expires later.
      await session?.close().catch((reason) => this.warnUnlessLost(reason));
      throw error;
    }
  }

  /** Another gateway may have completed the session just before its record was removed. None can complete it now. */
  private async isInCatalogue(fileId: string): Promise<boolean> {
    return (await this.store.findFile(fileId)) !== undefined;
  }

  /** Losing a session to another gateway is not an error, and a missing record has already been logged. */
  private warnUnlessLost(error: unknown): void {
    if (!isUploadError(error, 'SESSION_TAKEN_OVER', 'SESSION_NOT_FOUND')) this.logger.warn(error);
  }
}

function unlessFull(error: unknown): undefined {
  if (!isUploadError(error, 'STORAGE_FULL')) throw error;
  return undefined;
}
