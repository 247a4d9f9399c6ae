import { Module, type DynamicModule } from '@nestjs/common';
import { CatalogueRebuild } from './catalogue/catalogue-rebuild.js';
import { ConfigurableUploadModule, type UploadModuleExtras } from './upload.module-definition.js';
import type { UploadModuleOptions } from './upload-options.js';
import { rebuildProviders, uploadExports, uploadProviders } from './upload.providers.js';

/** Brings the gateway into an application. */
@Module({ providers: uploadProviders, exports: uploadExports })
export class UploadModule extends ConfigurableUploadModule {
  static override forRoot(options: UploadModuleOptions, extras: UploadModuleExtras = {}): DynamicModule {
    return super.forRoot({ ...options, ...extras });
  }
}

/** Only what rebuilds the catalogue: inject `CatalogueRebuild`. Do not use it beside `UploadModule` on the same stores. */
@Module({ providers: rebuildProviders, exports: [CatalogueRebuild] })
export class CatalogueRebuildModule extends ConfigurableUploadModule {
  static override forRoot(options: UploadModuleOptions, extras: UploadModuleExtras = {}): DynamicModule {
    return super.forRoot({ ...options, ...extras });
  }
}
