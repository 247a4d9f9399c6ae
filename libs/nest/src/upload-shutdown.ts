import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { UPLOAD_SESSION_HANDOVER, type SessionHandover } from './contracts/session-handover.js';
import { UPLOAD_STORE, type UploadStore } from './contracts/upload-store.js';

/** Closes the catalogue when nothing can use it any more: after the last connection has ended. */
@Injectable()
export class UploadShutdown implements OnApplicationShutdown {
  constructor(
    @Inject(UPLOAD_SESSION_HANDOVER) private readonly handover: SessionHandover,
    @Inject(UPLOAD_STORE) private readonly store: UploadStore,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await this.handover.close();
    await this.store.close();
  }
}
