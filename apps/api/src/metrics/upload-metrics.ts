import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { SessionService, UploadEvents, type UploadLifecycleEvent } from '@upload-streams/nest';
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { Subscription } from 'rxjs';

/** Metrics of uploads for Prometheus. docs/operations.md lists their names. */
@Injectable()
export class UploadMetrics implements OnModuleInit, OnModuleDestroy {
  /** One per application, not the process-wide one: several applications may run in one process. */
  private readonly registry = new Registry();
  private subscription: Subscription | undefined;

  constructor(
    private readonly events: UploadEvents,
    private readonly sessions: SessionService,
  ) {}

  get contentType(): string {
    return this.registry.contentType;
  }

  onModuleInit(): void {
    collectDefaultMetrics({ register: this.registry });
    this.gaugeLiveSessions();
    this.subscription = this.events.all$.subscribe(this.countEvents());
  }

  onModuleDestroy(): void {
    this.subscription?.unsubscribe();
    this.registry.clear();
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }

  private gaugeLiveSessions(): void {
    const { sessions } = this;
    new Gauge({
      name: 'upload_streams_live_sessions',
      help: 'Unfinished uploads that a connection holds',
      registers: [this.registry],
      collect() {
        this.set(sessions.liveCount);
      },
    });
  }

  private countEvents(): (event: UploadLifecycleEvent) => void {
    const counter = (name: string, help: string) => new Counter({ name, help, registers: [this.registry] });
    const counters = {
      begun: counter('upload_streams_begun_total', 'Uploads begun; a resumed upload is not counted again'),
      completed: counter('upload_streams_completed_total', 'Uploads completed and verified'),
      cancelled: counter('upload_streams_cancelled_total', 'Uploads cancelled'),
      expired: counter('upload_streams_expired_total', 'Unfinished uploads removed after SESSION_TTL'),
      orphan: counter(
        'upload_streams_orphans_total',
        'Orphaned unfinished uploads that were found at a start and quarantined',
      ),
    };
    const bytes = counter('upload_streams_completed_bytes_total', 'Bytes of completed uploads');
    return (event) => {
      counters[event.type].inc();
      if (event.type === 'completed') bytes.inc(event.file.size);
    };
  }
}
