import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { setImmediate } from 'node:timers/promises';
import { UploadEvents } from './upload-events.js';
import type { Quarantined } from '../contracts/storage-backend.js';
import { StorageService } from '../storage/storage.service.js';
import { UPLOAD_OPTIONS, type ResolvedUploadOptions } from '../upload-options.js';
import { UPLOAD_STORE, type UploadStore } from '../contracts/upload-store.js';
import { SessionService } from './session.service.js';
import { SteadyClock } from './steady-clock.js';

/** A sweep comes every tenth of the time to live, but not more often than this and not more seldom than hourly. */
const SHORTEST_MS = 1000;
const LONGEST_MS = 60 * 60 * 1000;

/** Sessions that are looked at in one step; other work gets its turn between two. */
const STEP = 100;

/** One sweep removes at most this share of what is in quarantine, and at least one entry. */
const PURGE_SHARE = 0.1;

/**
 * Removes abandoned sessions, and sets aside unfinished bytes that no session has. Completed files are none of its
 * business: it never removes one.
 */
@Injectable()
export class Cleanup implements OnApplicationBootstrap, BeforeApplicationShutdown {
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

  onApplicationBootstrap(): void {
    const intervalMs = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, Math.floor(this.options.sessionTtlMs / 10)));
    this.sweeping = this.setLeftoversAside().catch((error) => this.logger.error(error));
    this.sweep();
    this.timer = setInterval(() => this.sweep(), intervalMs).unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
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
    const abandoned = await this.expireIdle(this.clock.now() - this.options.sessionTtlMs);
    if (abandoned > 0) this.logger.log(`removed ${abandoned} abandoned uploads`);
    await this.purgeQuarantine();
  }

  /** To the end, in steps. A step that could remove nothing ends it: the next one would find the same sessions. */
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

  /** One that can't be removed keeps nobody from the others. */
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

  /** A crash between two steps can leave unfinished bytes that no session has: looked for at the start. */
  private async setLeftoversAside(): Promise<void> {
    for (const fileId of await this.storage.unfinished()) {
      // Uploads go on between two looks into an embedded store.
      await setImmediate();
      if (this.isStopping) return;
      await this.setAside(fileId).catch((error) => this.logger.warn(error));
    }
  }

  private async setAside(fileId: string): Promise<void> {
    // Its file is complete and in the catalogue: what is beside it is of no more use.
    if (await this.store.findFile(fileId)) return this.storage.discard(fileId);
    if (await this.store.isKnown(fileId)) return;
    await this.storage.quarantine(fileId);
    this.events.emit({ type: 'orphan', fileId });
    this.logger.log(`Set aside the unfinished upload ${fileId}, which is in no catalogue`);
  }

  private async purgeQuarantine(): Promise<void> {
    const entries = await this.storage.quarantined();
    const before = this.clock.now() - this.options.quarantineTtlMs;
    const old = entries.filter(({ since }) => since <= before).sort((a, b) => a.since - b.since);
    const share = Math.max(1, Math.ceil(entries.length * PURGE_SHARE));
    for (const entry of old.slice(0, share)) await this.purge(entry).catch((error) => this.logger.warn(error));
  }

  /** A catalogue that was restored meanwhile may know it again. */
  private async purge(entry: Quarantined): Promise<void> {
    if (this.isStopping || (await this.store.isKnown(entry.fileId))) return;
    await this.storage.purge(entry);
    this.logger.log(`Removed the unfinished upload ${entry.fileId}, set aside ${new Date(entry.since).toISOString()}`);
  }
}
