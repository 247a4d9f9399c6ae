import { Module, type DynamicModule, type FactoryProvider, type ModuleMetadata } from '@nestjs/common';
import { UPLOAD_CLIENT_OPTIONS, UploadClient, type UploadClientModuleOptions } from './upload-client.js';

export interface UploadClientModuleAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what is injected is the caller's business
  readonly useFactory: (...dependencies: any[]) => UploadClientModuleOptions | Promise<UploadClientModuleOptions>;
  readonly inject?: FactoryProvider['inject'];
}

/** Lets a service upload to a gateway: import it, inject `UploadClient`. */
@Module({})
export class UploadClientModule {
  static register(options: UploadClientModuleOptions): DynamicModule {
    return dynamicModule({ provide: UPLOAD_CLIENT_OPTIONS, useFactory: () => options });
  }

  static registerAsync({ useFactory, inject = [], imports = [] }: UploadClientModuleAsyncOptions): DynamicModule {
    return dynamicModule({ provide: UPLOAD_CLIENT_OPTIONS, useFactory, inject }, imports);
  }
}

function dynamicModule(options: FactoryProvider, imports: ModuleMetadata['imports'] = []): DynamicModule {
  return { module: UploadClientModule, imports, providers: [options, UploadClient], exports: [UploadClient] };
}
