import { Logger } from '@nestjs/common';
import { isUploadError, UploadError } from '@upload-streams/protocol';
import type { StorageService } from '../storage/storage.service.js';
import type { UploadSession } from './upload-session.js';
import type { KeyedQueues } from '../concurrency/serial-queue.js';
import type { SessionRecord } from '../contracts/records.js';
import type { SessionRegistry } from './session-registry.js';
import type { UploadStore } from '../contracts/upload-store.js';

/** Why a node lost a session: another one has it, or its record is gone. */
export type LostCode = 'SESSION_TAKEN_OVER' | 'SESSION_NOT_FOUND';

/** The ways in which a session stops being live on this node, but for its completion. */
export class SessionEndings {
  private readonly logger = new Logger(SessionEndings.name);

  constructor(
    private readonly live: SessionRegistry,
    private readonly transitions: KeyedQueues,
    private readonly store: UploadStore,
    private readonly storage: StorageService,
  ) {}

  /** Writes down what there is and closes it; another connection has it now, on this node or on another one. */
  async letGo(session: UploadSession, reason: LostCode = 'SESSION_TAKEN_OVER'): Promise<void> {
    this.live.remove(session);
    session.peer.failed(session.record.sessionID, new UploadError(reason));
    await session.close().catch((error) => this.warn(error));
  }

  /** It can't go on now. Its bytes stay; its client begins again, and goes on from what was durable. */
  async stop(session: UploadSession): Promise<void> {
    if (!this.live.has(session)) return;
    this.live.remove(session);
    await session.close().catch((error) => this.warn(error));
  }

  /** One that can't be written down, since another node has it or the store is away, keeps nobody from the others. */
  async settleAll(sessions: readonly UploadSession[]): Promise<void> {
    for (const outcome of await Promise.allSettled(sessions.map((session) => this.settle(session))))
      if (outcome.status === 'rejected') this.warn(outcome.reason);
  }

  private async settle(session: UploadSession): Promise<void> {
    const { record } = session;
    await this.transitions.run(record.sessionID, async () => {
      if (!this.live.has(session)) return;
      if (record.protocol === 0) return this.drop(record);
      this.live.remove(session);
      await session.close();
    });
  }

  /**
   * Who lost the session drops nothing of it, so the record goes first: what a crash then leaves are bytes that no record
   * knows. On a full disk, which one process has to itself, the bytes make the room that this takes. Where nobody knows
   * whether the record is gone, the bytes stay.
   */
  async drop({ sessionID, fileId }: SessionRecord, epoch?: number): Promise<void> {
    const session = this.live.get(sessionID);
    if (session) this.live.remove(session);
    const remove = () => this.store.remove(sessionID, epoch ?? session?.epoch);
    const removed = await remove().catch(async (error) => {
      if (isUploadError(error, 'STORAGE_FULL')) return undefined;
      // Nobody else closes it. It expires by itself.
      await session?.close().catch((reason) => this.warn(reason));
      throw error;
    });
    if (removed === false || (await this.isInCatalogue(session, fileId))) return session?.close();
    await session?.abort();
    await this.storage.discard(fileId);
    // A file may be in its place already, of which no catalogue knows: it was refused there, or a crash came between.
    await this.storage.remove(fileId);
    if (removed === undefined) await remove();
  }

  /** Another node may have completed the session just before its record went; nobody can complete it now. */
  private async isInCatalogue(session: UploadSession | undefined, fileId: string): Promise<boolean> {
    try {
      return (await this.store.findFile(fileId)) !== undefined;
    } catch (error) {
      await session?.close().catch((reason) => this.warn(reason));
      throw error;
    }
  }

  /** That another node has a session by now is no trouble, and that its record is gone was said. */
  private warn(error: unknown): void {
    if (!isUploadError(error, 'SESSION_TAKEN_OVER', 'SESSION_NOT_FOUND')) this.logger.warn(error);
  }
}
