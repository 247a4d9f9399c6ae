import { Module, type DynamicModule, type FactoryProvider, type ModuleMetadata, type Provider } from '@nestjs/common';
import { UPLOAD_OPTIONS, resolveUploadOptions, type UploadModuleOptions } from './upload-options.js';
import { CatalogueRebuild } from './catalogue/catalogue-rebuild.js';
import { rebuildProviders, uploadExports, uploadProviders } from './upload.providers.js';

/** What goes with the options: providers that replace the default ones, and the modules these need. */
export interface UploadModuleExtras extends Pick<ModuleMetadata, 'imports'> {
  /** For example `{ provide: UPLOAD_AUTHENTICATOR, useClass: JwtAuthenticator }`. @default [] */
  readonly providers?: Provider[];
}

export interface UploadModuleAsyncOptions extends UploadModuleExtras {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what is injected is the caller's business
  readonly useFactory: (...dependencies: any[]) => UploadModuleOptions | Promise<UploadModuleOptions>;
  readonly inject?: FactoryProvider['inject'];
}

/** Brings the gateway into an application. */
@Module({})
export class UploadModule {
  static forRoot(options: UploadModuleOptions, extras: UploadModuleExtras = {}): DynamicModule {
    return dynamicModule({ provide: UPLOAD_OPTIONS, useFactory: () => resolveUploadOptions(options) }, extras);
  }

  static forRootAsync({ useFactory, inject = [], ...extras }: UploadModuleAsyncOptions): DynamicModule {
    const resolve = async (...dependencies: unknown[]) => resolveUploadOptions(await useFactory(...dependencies));
    return dynamicModule({ provide: UPLOAD_OPTIONS, useFactory: resolve, inject }, extras);
  }
}

/** Only what rebuilds the catalogue: inject `CatalogueRebuild`. Not beside `UploadModule` on the same stores. */
@Module({})
export class CatalogueRebuildModule {
  static forRoot(
    options: UploadModuleOptions,
    { imports = [], providers = [] }: UploadModuleExtras = {},
  ): DynamicModule {
    const resolved = { provide: UPLOAD_OPTIONS, useFactory: () => resolveUploadOptions(options) };
    return {
      module: CatalogueRebuildModule,
      imports,
      providers: [resolved, ...rebuildProviders, ...providers],
      exports: [CatalogueRebuild],
    };
  }
}

function dynamicModule(options: Provider, { imports = [], providers = [] }: UploadModuleExtras): DynamicModule {
  return {
    module: UploadModule,
    imports,
    providers: [options, ...uploadProviders, ...providers],
    exports: uploadExports,
  };
}
