import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { setImmediate } from 'node:timers/promises';
import { UploadEvents } from '../events/upload-events.js';
import { StorageService } from '../storage/storage.service.js';
import type { ResolvedUploadOptions } from '../upload-options.js';
import { UPLOAD_OPTIONS, UPLOAD_SESSION_STORE } from '../upload.tokens.js';
import type { SessionStore } from './session-store.js';
import { SessionService } from './session.service.js';

/** A sweep comes every tenth of the time to live, but not more often than this and not more seldom than hourly. */
const SHORTEST_MS = 1000;
const LONGEST_MS = 60 * 60 * 1000;

/** How many abandoned sessions one sweep removes. */
const EXPIRE_AT_ONCE = 1000;

/** Removes abandoned sessions, and bytes that belong to none, at the start and from time to time. */
@Injectable()
export class SessionSweeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(SessionSweeper.name);
  private timer: NodeJS.Timeout | undefined;
  private sweeping: Promise<void> = Promise.resolve();

  constructor(
    @Inject(UPLOAD_OPTIONS) private readonly options: ResolvedUploadOptions,
    @Inject(UPLOAD_SESSION_STORE) private readonly store: SessionStore,
    private readonly storage: StorageService,
    private readonly sessions: SessionService,
    private readonly events: UploadEvents,
  ) {}

  onApplicationBootstrap(): void {
    const intervalMs = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, Math.floor(this.options.sessionTtlMs / 10)));
    this.sweeping = this.removeOrphans().catch((error) => this.logger.error(error));
    this.sweep();
    this.timer = setInterval(() => this.sweep(), intervalMs).unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.sweeping;
  }

  private sweep(): void {
    this.sweeping = this.sweeping.then(() => this.sweepOnce()).catch((error) => this.logger.error(error));
  }

  private async sweepOnce(): Promise<void> {
    await this.sessions.keepAlive();
    const abandoned = await this.expireIdle(Date.now() - this.options.sessionTtlMs);
    if (abandoned > 0) this.logger.log(`removed ${abandoned} abandoned uploads`);
  }

  private async expireIdle(before: number): Promise<number> {
    let count = 0;
    for (const { sessionID } of await this.store.findIdle(before, EXPIRE_AT_ONCE)) {
      if (!(await this.sessions.expire(sessionID, before))) continue;
      this.events.emit({ type: 'expired', sessionID });
      count++;
    }
    return count;
  }

  /** A crash between two steps can leave bytes that no session and no entry of the catalogue has: looked for at the start. */
  private async removeOrphans(): Promise<void> {
    let count = 0;
    for (const fileId of await this.storage.list()) {
      // Uploads go on between two looks into an embedded store.
      await setImmediate();
      if (await this.store.isKnown(fileId)) continue;
      await this.storage.abort(fileId);
      this.events.emit({ type: 'orphan', fileId });
      count++;
    }
    if (count > 0) this.logger.log(`removed ${count} files of nobody`);
  }
}
