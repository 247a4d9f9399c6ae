import { Inject, Injectable, Logger } from '@nestjs/common';
import { setImmediate } from 'node:timers/promises';
import { UploadEvents } from '../upload-events.js';
import type { Quarantined } from '../../contracts/storage-backend.js';
import { StorageService } from '../../storage/storage.service.js';
import { UPLOAD_OPTIONS, type ResolvedUploadOptions } from '../../upload-options.js';
import { UPLOAD_STORE, type UploadStore } from '../../contracts/upload-store.js';
import { SessionService } from '../session.service.js';
import { SteadyClock } from './steady-clock.js';

/** A sweep runs every tenth of the time to live of a session, but at most once a second and at least once an hour. */
const SHORTEST_MS = 1000;
const LONGEST_MS = 60 * 60 * 1000;

/** How many sessions are examined in one step. Other work runs between two steps. */
const STEP = 100;

/** One sweep removes at most this share of the entries in quarantine, and at least one. */
const PURGE_SHARE = 0.1;

/**
 * Removes expired sessions, and puts orphaned bytes of unfinished uploads into quarantine. It never removes a file that
 * is in the catalogue (docs/decisions/0019-deletions.md).
 */
@Injectable()
export class Cleanup {
  private readonly logger = new Logger(Cleanup.name);
  private readonly clock: SteadyClock;
  private timer: NodeJS.Timeout | undefined;
  private sweeping: Promise<void> = Promise.resolve();
  private isStopping = false;

  constructor(
    @Inject(UPLOAD_OPTIONS) private readonly options: ResolvedUploadOptions,
    @Inject(UPLOAD_STORE) private readonly store: UploadStore,
    private readonly storage: StorageService,
    private readonly sessions: SessionService,
    private readonly events: UploadEvents,
  ) {
    this.clock = new SteadyClock();
  }

  start(): void {
    const intervalMs = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, Math.floor(this.options.sessionTtlMs / 10)));
    this.sweeping = this.quarantineOrphans().catch((error) => this.logger.error(error));
    this.sweep();
    this.timer = setInterval(() => this.sweep(), intervalMs).unref();
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    clearInterval(this.timer);
    await this.sweeping;
  }

  private sweep(): void {
    this.sweeping = this.sweeping.then(() => this.sweepOnce()).catch((error) => this.logger.error(error));
  }

  private async sweepOnce(): Promise<void> {
    if (this.isStopping) return;
    await this.sessions.keepAlive();
    const expired = await this.expireIdle(this.clock.now() - this.options.sessionTtlMs);
    if (expired > 0) this.logger.log(`Removed ${expired} expired uploads`);
    await this.purgeQuarantine();
  }

  /** Works in steps until no session is left. A step that removes nothing is the last: the next would find the same. */
  private async expireIdle(before: number): Promise<number> {
    let count = 0;
    for (let left = STEP; left === STEP && !this.isStopping;) {
      const idle = await this.store.findIdle(before, STEP);
      const outcomes = await Promise.all(idle.map(({ sessionID }) => this.expire(sessionID, before)));
      count += outcomes.filter((outcome) => outcome === 'expired').length;
      left = outcomes.some((outcome) => outcome !== 'kept') ? idle.length : 0;
      await setImmediate();
    }
    return count;
  }

  /** If a session cannot be removed, the others still have to be. */
  private async expire(sessionID: string, before: number): Promise<'expired' | 'forgotten' | 'kept'> {
    try {
      const outcome = await this.sessions.expire(sessionID, before);
      if (outcome === 'expired') this.events.emit({ type: 'expired', sessionID });
      return outcome;
    } catch (error) {
      this.logger.warn(error);
      return 'kept';
    }
  }

  /** A crash can leave unfinished bytes that belong to no session. This looks for them once, at the start. */
  private async quarantineOrphans(): Promise<void> {
    for (const fileId of await this.storage.unfinished()) {
      // An embedded store works in this thread, so uploads get a turn between two look-ups.
      await setImmediate();
      if (this.isStopping) return;
      await this.quarantine(fileId).catch((error) => this.logger.warn(error));
    }
  }

  private async quarantine(fileId: string): Promise<void> {
    // The file is complete and in the catalogue, so the unfinished bytes are useless.
    if (await this.store.findFile(fileId)) return this.storage.discard(fileId);
    if (await this.store.isKnown(fileId)) return;
    await this.storage.quarantine(fileId);
    this.events.emit({ type: 'orphan', fileId });
    this.logger.log(
      `Put the unfinished upload ${fileId} into quarantine: no session and no file in the catalogue has its ID`,
    );
  }

  private async purgeQuarantine(): Promise<void> {
    const entries = await this.storage.quarantined();
    const before = this.clock.now() - this.options.quarantineTtlMs;
    const old = entries.filter(({ since }) => since <= before).sort((a, b) => a.since - b.since);
    const share = Math.max(1, Math.ceil(entries.length * PURGE_SHARE));
    for (const entry of old.slice(0, share)) await this.purge(entry).catch((error) => this.logger.warn(error));
  }

  /** The catalogue may have been restored in the meantime, and may know the upload again. */
  private async purge(entry: Quarantined): Promise<void> {
    if (this.isStopping || (await this.store.isKnown(entry.fileId))) return;
    await this.storage.purge(entry);
    this.logger.log(
      `Removed the unfinished upload ${entry.fileId}, in quarantine since ${new Date(entry.since).toISOString()}`,
    );
  }
}
