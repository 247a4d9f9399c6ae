import {
  ConfigurableModuleBuilder,
  Module,
  type ConfigurableModuleAsyncOptions,
  type DynamicModule,
} from '@nestjs/common';
import { ChosenArea } from '../area/chosen-area.js';
import { NO_ROUTE_EXTRAS, withRoutes, type RouteExtras } from '../http/routes.js';
import { ChecksumMemory } from './checksum-memory.js';
import { DeferredLengths } from './deferred-lengths.js';
import { newTusController } from './tus.controller.js';
import { TusEndpoint, UPLOAD_TUS_MODULE } from './tus-endpoint.js';
import { TusUploads } from './tus-uploads.js';
import {
  resolveUploadTusOptions,
  UPLOAD_TUS_MODULE_OPTIONS,
  UPLOAD_TUS_OPTIONS,
  type UploadTusModuleOptions,
} from './upload-tus-options.js';

export type UploadTusModuleExtras = RouteExtras;

/** For `useClass` and `useExisting`. */
export interface UploadTusOptionsFactory {
  createUploadTusOptions(): UploadTusModuleOptions | Promise<UploadTusModuleOptions>;
}

export type UploadTusModuleAsyncOptions = UploadTusModuleExtras &
  ConfigurableModuleAsyncOptions<UploadTusModuleOptions, keyof UploadTusOptionsFactory>;

/** Gives the module `forRoot` and `forRootAsync`; the latter with `useFactory`, `useClass` or `useExisting`. */
const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<UploadTusModuleOptions>({
  optionsInjectionToken: UPLOAD_TUS_MODULE_OPTIONS,
})
  .setExtras(
    NO_ROUTE_EXTRAS,
    withRoutes({
      newController: newTusController,
      resolve: resolveUploadTusOptions,
      tokens: { given: UPLOAD_TUS_MODULE_OPTIONS, resolved: UPLOAD_TUS_OPTIONS, module: UPLOAD_TUS_MODULE },
    }),
  )
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createUploadTusOptions')
  .build();

/** Serves clients of tus 1.0, with Express or Fastify. Import it beside `UploadModule`. */
@Module({ providers: [ChosenArea, ChecksumMemory, DeferredLengths, TusEndpoint, TusUploads] })
export class UploadTusModule extends ConfigurableModuleClass {
  static override forRoot(options: UploadTusModuleOptions = {}, extras: UploadTusModuleExtras = {}): DynamicModule {
    return super.forRoot({ ...options, ...extras });
  }
}
