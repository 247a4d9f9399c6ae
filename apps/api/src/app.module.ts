import { Module, type DynamicModule } from '@nestjs/common';
import { UploadModule } from '@upload-streams/nest';
import { UploadHttpModule } from '@upload-streams/nest/http';
import { UploadMetricsModule } from '@upload-streams/nest/metrics';
import { UploadHealthModule } from '@upload-streams/nest/terminus';
import { UploadTusModule } from '@upload-streams/nest/tus';
import type { Settings } from './app.config.js';
import { storeProviders } from './app.stores.js';

/** The gateway, the catalogue and tus over HTTP, health and metrics. */
@Module({})
export class AppModule {
  static async forSettings(settings: Settings): Promise<DynamicModule> {
    const { originalWorkflow } = settings.server;
    return {
      module: AppModule,
      imports: [
        UploadModule.forRoot(settings.upload, { providers: await storeProviders(settings), originalWorkflow }),
        UploadHttpModule.forRoot(settings.http),
        UploadTusModule.forRoot(settings.http.publicUrl === undefined ? {} : { publicUrl: settings.http.publicUrl }),
        UploadHealthModule.forRoot(),
        UploadMetricsModule.forRoot(),
      ],
    };
  }
}
