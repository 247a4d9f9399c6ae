import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { UPLOAD_SESSION_HANDOVER, type SessionHandover } from './contracts/session-handover.js';
import { UPLOAD_STORE, type UploadStore } from './contracts/upload-store.js';
import { SessionService } from './session/session.service.js';

/** Closes the catalogue when nothing can use it any more: after the last connection has ended. */
@Injectable()
export class StoreShutdown implements OnApplicationShutdown {
  constructor(
    @Inject(UPLOAD_SESSION_HANDOVER) private readonly handover: SessionHandover,
    @Inject(UPLOAD_STORE) private readonly store: UploadStore,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await this.handover.close();
    await this.store.close();
  }
}

/** Lets other nodes ask for the sessions of this one. */
@Injectable()
export class HandoverStart implements OnModuleInit {
  constructor(
    @Inject(UPLOAD_SESSION_HANDOVER) private readonly handover: SessionHandover,
    private readonly sessions: SessionService,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.handover.listen((sessionID) => this.sessions.yield(sessionID));
  }
}
