import {
  ConfigurableModuleBuilder,
  type ConfigurableModuleAsyncOptions,
  type ModuleMetadata,
  type Provider,
} from '@nestjs/common';
import { OriginalGateway } from './gateway/original.gateway.js';
import { UPLOAD_MODULE_OPTIONS, type UploadModuleOptions } from './upload-options.js';

/** What goes with the options. */
export interface UploadModuleExtras extends Pick<ModuleMetadata, 'imports'> {
  /** Replace the default providers of the same token: `{ provide: UPLOAD_AUTHENTICATOR, useClass: JwtAuthenticator }`. @default [] */
  readonly providers?: Provider[];
  /** Whether every module of the application may inject what the module exports, without importing it. @default false */
  readonly isGlobal?: boolean;
  /**
   * Whether clients of the original workflow are served too, on `/socket.io`, by Nest's WebSocket adapter. The
   * application does not start if another gateway uses that path. @default false
   */
  readonly originalWorkflow?: boolean;
}

/** For `useClass` and `useExisting`. */
export interface UploadOptionsFactory {
  createUploadOptions(): UploadModuleOptions | Promise<UploadModuleOptions>;
}

export type UploadModuleAsyncOptions = UploadModuleExtras &
  ConfigurableModuleAsyncOptions<UploadModuleOptions, keyof UploadOptionsFactory>;

const NO_EXTRAS: Required<UploadModuleExtras> = {
  imports: [],
  providers: [],
  isGlobal: false,
  originalWorkflow: false,
};

/** Gives a module `forRoot` and `forRootAsync`; the latter with `useFactory`, `useClass` or `useExisting`. */
export const { ConfigurableModuleClass: ConfigurableUploadModule } = new ConfigurableModuleBuilder<UploadModuleOptions>(
  { optionsInjectionToken: UPLOAD_MODULE_OPTIONS },
)
  .setExtras(NO_EXTRAS, ({ imports = [], providers = [], ...definition }, extras) => ({
    ...definition,
    imports: [...imports, ...extras.imports],
    providers: [...providers, ...extras.providers, ...(extras.originalWorkflow ? [OriginalGateway] : [])],
    global: extras.isGlobal,
  }))
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createUploadOptions')
  .build();
