import {
  ConfigurableModuleBuilder,
  Module,
  type ConfigurableModuleAsyncOptions,
  type DynamicModule,
} from '@nestjs/common';
import { uploadClientToken } from './inject-upload-client.js';
import { UPLOAD_CLIENT_OPTIONS, UploadClient, type UploadClientModuleOptions } from './upload-client.js';

/** What goes with the options. */
export interface UploadClientModuleExtras {
  /** Whether every module of the application may inject `UploadClient`, without importing this one. @default false */
  readonly isGlobal?: boolean;
  /**
   * For a service with several gateways: the client is then injected with `@InjectUploadClient(name)`, and not as
   * `UploadClient`. @default none
   */
  readonly name?: string;
}

/** For `useClass` and `useExisting`. */
export interface UploadClientOptionsFactory {
  createUploadClientOptions(): UploadClientModuleOptions | Promise<UploadClientModuleOptions>;
}

export type UploadClientModuleAsyncOptions = UploadClientModuleExtras &
  ConfigurableModuleAsyncOptions<UploadClientModuleOptions, keyof UploadClientOptionsFactory>;

const NO_EXTRAS: UploadClientModuleExtras = { isGlobal: false };

/** Gives the module `register` and `registerAsync`; the latter with `useFactory`, `useClass` or `useExisting`. */
const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<UploadClientModuleOptions>({
  optionsInjectionToken: UPLOAD_CLIENT_OPTIONS,
})
  .setExtras(NO_EXTRAS, ({ providers = [], ...definition }, { isGlobal = false, name }) => {
    const token = uploadClientToken(name);
    const named = token === UploadClient ? [] : [{ provide: token, useExisting: UploadClient }];
    return { ...definition, providers: [...providers, ...named], exports: [token], global: isGlobal };
  })
  .setFactoryMethodName('createUploadClientOptions')
  .build();

/** Lets a service upload to a gateway: import it, inject `UploadClient`. */
@Module({ providers: [UploadClient] })
export class UploadClientModule extends ConfigurableModuleClass {
  static override register(options: UploadClientModuleOptions, extras: UploadClientModuleExtras = {}): DynamicModule {
    return super.register({ ...options, ...extras });
  }
}
