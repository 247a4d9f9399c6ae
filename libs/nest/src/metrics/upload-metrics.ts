import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { Subscription } from 'rxjs';
import { ChosenArea } from '../area/chosen-area.js';
import type { UploadLifecycleEvent } from '../session/upload-events.js';
import { UPLOAD_METRICS_OPTIONS, type ResolvedUploadMetricsOptions } from './upload-metrics-options.js';

const LIVE_SESSIONS = 'upload_streams_live_sessions';

const BYTES = { name: 'upload_streams_completed_bytes_total', help: 'Bytes of completed uploads' };

const EVENTS: Readonly<Record<UploadLifecycleEvent['type'], { readonly name: string; readonly help: string }>> = {
  begun: { name: 'upload_streams_begun_total', help: 'Uploads begun; a resumed upload is not counted again' },
  completed: { name: 'upload_streams_completed_total', help: 'Uploads completed and verified' },
  cancelled: { name: 'upload_streams_cancelled_total', help: 'Uploads cancelled' },
  expired: { name: 'upload_streams_expired_total', help: 'Unfinished uploads removed after SESSION_TTL' },
  orphan: {
    name: 'upload_streams_orphans_total',
    help: 'Orphaned unfinished uploads that were found at a start and quarantined',
  },
};

/** Metrics of uploads for Prometheus. docs/operations.md lists their names. */
@Injectable()
export class UploadMetrics implements OnModuleInit, OnModuleDestroy {
  /** That of the application, or one of this module. Never the process-wide one by default: it may serve several applications. */
  readonly registry: Registry;
  private readonly names: string[] = [];
  private subscription: Subscription | undefined;

  constructor(
    private readonly chosen: ChosenArea,
    @Inject(UPLOAD_METRICS_OPTIONS) private readonly options: ResolvedUploadMetricsOptions,
  ) {
    this.registry = options.registry ?? new Registry();
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  onModuleInit(): void {
    const { registry, processMetrics } = this.options;
    if (processMetrics && !registry) collectDefaultMetrics({ register: this.registry });
    this.gaugeLiveSessions();
    this.subscription = this.chosen.area.events.all$.subscribe(this.countEvents());
  }

  /** A registry of the application keeps what is not ours. */
  onModuleDestroy(): void {
    this.subscription?.unsubscribe();
    if (!this.options.registry) this.registry.clear();
    for (const name of this.names) this.registry.removeSingleMetric(name);
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }

  private gaugeLiveSessions(): void {
    const { sessions } = this.chosen.area;
    new Gauge({
      ...this.registered({ name: LIVE_SESSIONS, help: 'Unfinished uploads that a connection holds' }),
      collect() {
        this.set(sessions.liveCount);
      },
    });
  }

  private countEvents(): (event: UploadLifecycleEvent) => void {
    const counter = (metric: { name: string; help: string }) => new Counter(this.registered(metric));
    const counters = {
      begun: counter(EVENTS.begun),
      completed: counter(EVENTS.completed),
      cancelled: counter(EVENTS.cancelled),
      expired: counter(EVENTS.expired),
      orphan: counter(EVENTS.orphan),
    };
    const bytes = counter(BYTES);
    return (event) => {
      counters[event.type].inc();
      if (event.type === 'completed') bytes.inc(event.file.size);
    };
  }

  private registered<Metric extends { name: string }>(metric: Metric) {
    this.names.push(metric.name);
    return { ...metric, registers: [this.registry] };
  }
}
