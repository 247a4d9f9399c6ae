import { Controller, Get, Res } from '@nestjs/common';
import type { Response } from 'express';
import { UploadMetrics } from './upload-metrics.js';

/** The metrics, in the text format of Prometheus. */
@Controller('metrics')
export class MetricsController {
  constructor(private readonly metrics: UploadMetrics) {}

  @Get()
  async scrape(@Res() response: Response): Promise<void> {
    const text = await this.metrics.text();
    // Not `type()` and `send()`: Express would add a charset a second time.
    response.setHeader('Content-Type', this.metrics.contentType);
    response.end(text);
  }
}
