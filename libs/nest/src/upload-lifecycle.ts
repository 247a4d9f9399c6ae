import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Server as HttpServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { StorePairing } from './catalogue/store-pairing.js';
import { UPLOAD_SESSION_HANDOVER, type SessionHandover } from './contracts/session-handover.js';
import { UPLOAD_STORE, type UploadStore } from './contracts/upload-store.js';
import { UploadGateway } from './gateway/upload.gateway.js';
import { Cleanup } from './session/cleanup/cleanup.js';
import { SessionService } from './session/session.service.js';
import { UploadEvents } from './session/upload-events.js';
import { StorageService } from './storage/storage.service.js';
import { UPLOAD_OPTIONS, type ResolvedUploadOptions } from './upload-options.js';

/** Opens the stores at the start, and closes them when nothing can use them any more: after the last connection. */
@Injectable()
export class StoresLifecycle implements OnModuleInit, OnApplicationShutdown {
  constructor(
    @Inject(UPLOAD_SESSION_HANDOVER) private readonly handover: SessionHandover,
    @Inject(UPLOAD_STORE) private readonly store: UploadStore,
    private readonly storage: StorageService,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.storage.prepared();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.handover.close();
    await this.store.close();
    await this.storage.close();
  }
}

/** What starts and stops in the gateway, in this order. */
@Injectable()
export class UploadLifecycle
  implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  private readonly logger = new Logger('UploadGateway');

  constructor(
    @Inject(UPLOAD_OPTIONS) private readonly options: Pick<ResolvedUploadOptions, 'shutdownGraceMs'>,
    @Inject(UPLOAD_SESSION_HANDOVER) private readonly handover: SessionHandover,
    private readonly pairing: StorePairing,
    private readonly gateway: UploadGateway,
    private readonly sessions: SessionService,
    private readonly cleanup: Cleanup,
    private readonly events: UploadEvents,
    private readonly host: HttpAdapterHost,
  ) {}

  /**
   * Nothing is stored or removed, and no client or other gateway is answered, before it is known that the stores belong
   * together.
   */
  async onModuleInit(): Promise<void> {
    await this.pairing.pair();
    await this.handover.listen((sessionID) => this.sessions.yield(sessionID));
    // An application context has no HTTP server, so no client can connect.
    const server: HttpServer | undefined = this.host.httpAdapter?.getHttpServer();
    if (server) this.gateway.open(server);
  }

  onApplicationBootstrap(): void {
    this.cleanup.start();
  }

  /** Connections are still open: clients are told, and work in progress is finished within the grace period. */
  async beforeApplicationShutdown(): Promise<void> {
    this.gateway.announceShutdown();
    const isDone = await this.withinGrace(Promise.all([this.sessions.drain(), this.cleanup.stop()]));
    if (!isDone) {
      this.logger.warn(
        'The grace period ended before all work was done. Unfinished uploads resume after the next start',
      );
    }
    await this.gateway.close();
  }

  /** All connections have ended. */
  onApplicationShutdown(): void {
    this.events.complete();
  }

  private async withinGrace(work: Promise<unknown>): Promise<boolean> {
    const over = new AbortController();
    const grace = delay(this.options.shutdownGraceMs, false, { signal: over.signal }).catch(() => false);
    try {
      return await Promise.race([grace, work.then(() => true)]);
    } finally {
      over.abort();
    }
  }
}
