import { Controller, Get, Injectable, Res, StreamableFile, VERSION_NEUTRAL, type Type } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { UploadMetrics } from './upload-metrics.js';

/** The metrics, in the text format of Prometheus. */
@Injectable()
export class MetricsController {
  constructor(
    private readonly metrics: UploadMetrics,
    private readonly adapterHost: HttpAdapterHost,
  ) {}

  @Get()
  async scrape(@Res() response: object): Promise<void> {
    // Bytes, because Express would add a charset to the type of a text a second time.
    const text = new StreamableFile(Buffer.from(await this.metrics.text()), { type: this.metrics.contentType });
    this.adapterHost.httpAdapter.reply(response, text, 200);
  }
}

/** A controller of its own for each module, because Nest keeps the path with the class. */
export function newMetricsController(path: string): Type<MetricsController> {
  @Controller({ path, version: VERSION_NEUTRAL })
  class MountedMetricsController extends MetricsController {}
  return MountedMetricsController;
}
