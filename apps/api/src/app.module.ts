import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { UploadModule } from '@upload-streams/nest';
import type { Settings } from './app.config.js';
import { storeProviders } from './app.stores.js';
import { HealthController } from './health/health.controller.js';
import { FilesController } from './http/files.controller.js';
import { HttpErrorFilter } from './http/http-error.filter.js';
import { OwnerGuard } from './http/owner.guard.js';
import { MetricsController } from './metrics/metrics.controller.js';
import { UploadMetrics } from './metrics/upload-metrics.js';

/** The gateway, the catalogue over HTTP, health and metrics. */
@Module({})
export class AppModule {
  static async forSettings(settings: Settings): Promise<DynamicModule> {
    const { originalWorkflow } = settings.server;
    const { basePath } = settings.upload;
    const upload = { ...settings.upload, fileUrl: (fileId: string) => `${basePath}/api/files/${fileId}` };
    const providers = await storeProviders(settings);
    return {
      module: AppModule,
      imports: [UploadModule.forRoot(upload, { providers, originalWorkflow }), TerminusModule],
      controllers: [FilesController, HealthController, MetricsController],
      providers: [OwnerGuard, UploadMetrics, { provide: APP_FILTER, useClass: HttpErrorFilter }],
    };
  }
}
