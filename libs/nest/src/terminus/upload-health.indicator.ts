import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { ChosenArea } from '../area/chosen-area.js';

/** For the health checks of an application: `health.check([() => uploads.isHealthy('uploads')])`. */
@Injectable()
export class UploadHealthIndicator {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly chosen: ChosenArea,
  ) {}

  /** Whether files can be stored: the storage back end and the catalogue can be used. Never rejects. */
  async isHealthy<const Key extends string>(key: Key): Promise<HealthIndicatorResult<Key>> {
    const indicator = this.indicators.check(key);
    return this.chosen.area.files.check().then(
      () => indicator.up(),
      () => indicator.down({ message: "The store or the catalogue can't be used" }),
    );
  }
}
