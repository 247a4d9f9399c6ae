import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { SessionHandover } from './session/session-handover.js';
import type { SessionStore } from './session/session-store.js';
import { UPLOAD_SESSION_HANDOVER, UPLOAD_SESSION_STORE } from './upload.tokens.js';

/** Closes the catalogue when nothing can use it any more: after the last connection has ended. */
@Injectable()
export class UploadShutdown implements OnApplicationShutdown {
  constructor(
    @Inject(UPLOAD_SESSION_HANDOVER) private readonly handover: SessionHandover,
    @Inject(UPLOAD_SESSION_STORE) private readonly store: SessionStore,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await this.handover.close();
    await this.store.close();
  }
}
