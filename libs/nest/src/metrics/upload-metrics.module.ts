import { Module, type DynamicModule } from '@nestjs/common';
import { ChosenArea, type AreaChoice } from '../area/chosen-area.js';
import { resolveOptions } from '../option-schema.js';
import { newMetricsController } from './metrics.controller.js';
import {
  UPLOAD_METRICS_OPTIONS,
  uploadMetricsOptionsSchema,
  type UploadMetricsModuleOptions,
} from './upload-metrics-options.js';
import { UploadMetrics } from './upload-metrics.js';

/** Metrics of uploads for Prometheus, served at `metrics`. Import it beside `UploadModule`. */
@Module({ providers: [ChosenArea, UploadMetrics], exports: [UploadMetrics] })
export class UploadMetricsModule {
  static forRoot(given: UploadMetricsModuleOptions = {}, { area }: AreaChoice = {}): DynamicModule {
    const options = resolveOptions('UploadMetricsModule', uploadMetricsOptionsSchema, given);
    return {
      module: UploadMetricsModule,
      imports: area ? [area] : [],
      controllers: options.path === false ? [] : [newMetricsController(options.path)],
      providers: [{ provide: UPLOAD_METRICS_OPTIONS, useValue: options }],
    };
  }
}
