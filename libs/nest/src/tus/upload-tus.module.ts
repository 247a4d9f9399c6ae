import {
  ConfigurableModuleBuilder,
  Module,
  type CanActivate,
  type ConfigurableModuleAsyncOptions,
  type DynamicModule,
  type ModuleMetadata,
  type Type,
} from '@nestjs/common';
import { ChosenArea, type AreaChoice } from '../area/chosen-area.js';
import { mount } from '../http/mount.js';
import { OWNER_GUARD_OPTIONS } from '../http/owner.guard.js';
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

/** What goes with the options. */
export interface UploadTusModuleExtras extends AreaChoice, Pick<ModuleMetadata, 'imports'> {
  /** Guards of the application that come before the authenticator; `imports` has what they inject. @default [] */
  readonly guards?: readonly (Type<CanActivate> | CanActivate)[];
}

/** For `useClass` and `useExisting`. */
export interface UploadTusOptionsFactory {
  createUploadTusOptions(): UploadTusModuleOptions | Promise<UploadTusModuleOptions>;
}

export type UploadTusModuleAsyncOptions = UploadTusModuleExtras &
  ConfigurableModuleAsyncOptions<UploadTusModuleOptions, keyof UploadTusOptionsFactory>;

type Extras = Required<Omit<UploadTusModuleExtras, 'area'>> & AreaChoice;

const NO_EXTRAS: Extras = { area: undefined, imports: [], guards: [] };

/** Gives the module `forRoot` and `forRootAsync`; the latter with `useFactory`, `useClass` or `useExisting`. */
const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<UploadTusModuleOptions>({
  optionsInjectionToken: UPLOAD_TUS_MODULE_OPTIONS,
})
  .setExtras(NO_EXTRAS, withRoutes)
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

function withRoutes(
  { imports = [], providers = [], ...definition }: DynamicModule,
  { area, guards, imports: more }: Extras,
): DynamicModule {
  const controller = newTusController(guards);
  const resolvedOptions = {
    provide: UPLOAD_TUS_OPTIONS,
    inject: [UPLOAD_TUS_MODULE_OPTIONS],
    useFactory: (given: UploadTusModuleOptions) => {
      const options = resolveUploadTusOptions(given);
      // Options may come later than the controller is declared, but not later than Nest reads its path.
      mount(controller, options);
      return options;
    },
  };
  return {
    ...definition,
    imports: [...imports, ...more, ...(area ? [area] : [])],
    controllers: [controller],
    providers: [
      ...providers,
      resolvedOptions,
      { provide: OWNER_GUARD_OPTIONS, useExisting: UPLOAD_TUS_OPTIONS },
      { provide: UPLOAD_TUS_MODULE, useValue: definition.module },
    ],
  };
}
