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
import { newFilesController } from './files.controller.js';
import { LinksAtStart, UPLOAD_HTTP_MODULE } from './links-at-start.js';
import { mount } from './mount.js';
import { OWNER_GUARD_OPTIONS } from './owner.guard.js';
import {
  resolveUploadHttpOptions,
  UPLOAD_HTTP_MODULE_OPTIONS,
  UPLOAD_HTTP_OPTIONS,
  type UploadHttpModuleOptions,
} from './upload-http-options.js';

/** What goes with the options. */
export interface UploadHttpModuleExtras extends AreaChoice, Pick<ModuleMetadata, 'imports'> {
  /** Guards of the application that come before the authenticator; `imports` has what they inject. @default [] */
  readonly guards?: readonly (Type<CanActivate> | CanActivate)[];
}

/** For `useClass` and `useExisting`. */
export interface UploadHttpOptionsFactory {
  createUploadHttpOptions(): UploadHttpModuleOptions | Promise<UploadHttpModuleOptions>;
}

export type UploadHttpModuleAsyncOptions = UploadHttpModuleExtras &
  ConfigurableModuleAsyncOptions<UploadHttpModuleOptions, keyof UploadHttpOptionsFactory>;

type Extras = Required<Omit<UploadHttpModuleExtras, 'area'>> & AreaChoice;

const NO_EXTRAS: Extras = { area: undefined, imports: [], guards: [] };

/** Gives the module `forRoot` and `forRootAsync`; the latter with `useFactory`, `useClass` or `useExisting`. */
const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<UploadHttpModuleOptions>({
  optionsInjectionToken: UPLOAD_HTTP_MODULE_OPTIONS,
})
  .setExtras(NO_EXTRAS, withRoutes)
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

function withRoutes(
  { imports = [], providers = [], ...definition }: DynamicModule,
  { area, guards, imports: more }: Extras,
): DynamicModule {
  const controller = newFilesController(guards);
  const resolvedOptions = {
    provide: UPLOAD_HTTP_OPTIONS,
    inject: [UPLOAD_HTTP_MODULE_OPTIONS],
    useFactory: (given: UploadHttpModuleOptions) => {
      const options = resolveUploadHttpOptions(given);
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
      { provide: OWNER_GUARD_OPTIONS, useExisting: UPLOAD_HTTP_OPTIONS },
      { provide: UPLOAD_HTTP_MODULE, useValue: definition.module },
    ],
  };
}
