import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { ResolvedUploadOptions } from '../upload-options.js';
import { UPLOAD_OPTIONS } from '../upload.tokens.js';
import { SessionService } from './session.service.js';

/** A sweep comes every tenth of the time to live, but not more often than this and not more seldom than hourly. */
const SHORTEST_MS = 1000;
const LONGEST_MS = 60 * 60 * 1000;

/** Removes abandoned sessions, and bytes that belong to none, at the start and from time to time. */
@Injectable()
export class SessionSweeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(SessionSweeper.name);
  private timer: NodeJS.Timeout | undefined;
  private sweeping: Promise<void> = Promise.resolve();

  constructor(
    @Inject(UPLOAD_OPTIONS) private readonly options: ResolvedUploadOptions,
    private readonly sessions: SessionService,
  ) {}

  onApplicationBootstrap(): void {
    const intervalMs = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, Math.floor(this.options.sessionTtlMs / 10)));
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
    const abandoned = await this.sessions.expireIdle(Date.now());
    const orphans = await this.sessions.removeOrphans();
    if (abandoned + orphans > 0)
      this.logger.log(`removed ${abandoned} abandoned sessions and ${orphans} files of nobody`);
  }
}
