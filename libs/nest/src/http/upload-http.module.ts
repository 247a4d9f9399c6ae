import {
  ConfigurableModuleBuilder,
  Module,
  type ConfigurableModuleAsyncOptions,
  type DynamicModule,
} from '@nestjs/common';
import { ChosenArea } from '../area/chosen-area.js';
import { newFilesController } from './files.controller.js';
import { LinksAtStart, UPLOAD_HTTP_MODULE } from './links-at-start.js';
import { NO_ROUTE_EXTRAS, withRoutes, type RouteExtras } from './routes.js';
import {
  resolveUploadHttpOptions,
  UPLOAD_HTTP_MODULE_OPTIONS,
  UPLOAD_HTTP_OPTIONS,
  type UploadHttpModuleOptions,
} from './upload-http-options.js';

export type UploadHttpModuleExtras = RouteExtras;

/** For `useClass` and `useExisting`. */
export interface UploadHttpOptionsFactory {
  createUploadHttpOptions(): UploadHttpModuleOptions | Promise<UploadHttpModuleOptions>;
}

export type UploadHttpModuleAsyncOptions = UploadHttpModuleExtras &
  ConfigurableModuleAsyncOptions<UploadHttpModuleOptions, keyof UploadHttpOptionsFactory>;

/** Gives the module `forRoot` and `forRootAsync`; the latter with `useFactory`, `useClass` or `useExisting`. */
const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<UploadHttpModuleOptions>({
  optionsInjectionToken: UPLOAD_HTTP_MODULE_OPTIONS,
})
  .setExtras(
    NO_ROUTE_EXTRAS,
    withRoutes({
      newController: newFilesController,
      resolve: resolveUploadHttpOptions,
      tokens: { given: UPLOAD_HTTP_MODULE_OPTIONS, resolved: UPLOAD_HTTP_OPTIONS, module: UPLOAD_HTTP_MODULE },
    }),
  )
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createUploadHttpOptions')
  .build();

/** Lists, sends and deletes completed files over HTTP, with Express or Fastify. Import it beside `UploadModule`. */
@Module({ providers: [ChosenArea, LinksAtStart] })
export class UploadHttpModule extends ConfigurableModuleClass {
  static override forRoot(options: UploadHttpModuleOptions = {}, extras: UploadHttpModuleExtras = {}): DynamicModule {
    return super.forRoot({ ...options, ...extras });
  }
}
