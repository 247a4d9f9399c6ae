import type { CanActivate, DynamicModule, InjectionToken, ModuleMetadata, Type } from '@nestjs/common';
import type { AreaChoice } from '../area/chosen-area.js';
import { mount, type MountOptions } from './mount.js';
import { OWNER_GUARD_OPTIONS, type OwnerGuardOptions } from './owner.guard.js';

type Guards = readonly (Type<CanActivate> | CanActivate)[];

/** What goes with the options of a module that serves routes. */
export interface RouteExtras extends AreaChoice, Pick<ModuleMetadata, 'imports'> {
  /** Guards of the application that come before the authenticator; `imports` has what they inject. @default [] */
  readonly guards?: Guards;
}

/** The extras with their defaults. */
export type ResolvedRouteExtras = Required<Omit<RouteExtras, 'area'>> & AreaChoice;

export const NO_ROUTE_EXTRAS: ResolvedRouteExtras = { area: undefined, imports: [], guards: [] };

/** How a module serves its routes. */
export interface Routes<Given, Resolved> {
  /** A controller of its own for each module, because Nest keeps the path with the class. */
  readonly newController: (guards: Guards) => Type<object>;
  readonly resolve: (given: Given) => Resolved;
  /** The tokens of the options as given and as resolved, and of the class of the module, which `RouterModule` knows. */
  readonly tokens: {
    readonly given: InjectionToken;
    readonly resolved: InjectionToken;
    readonly module: InjectionToken;
  };
}

/** For `setExtras` of a module builder: adds the controller, its options, and the area. */
export const withRoutes =
  <Given, Resolved extends MountOptions & OwnerGuardOptions>(routes: Routes<Given, Resolved>) =>
  ({ imports = [], providers = [], ...definition }: DynamicModule, extras: ResolvedRouteExtras): DynamicModule => {
    const { newController, resolve, tokens } = routes;
    const { area, guards, imports: more } = extras;
    const controller = newController(guards);
    const resolvedOptions = {
      provide: tokens.resolved,
      inject: [tokens.given],
      useFactory: (given: Given) => {
        const options = resolve(given);
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
        { provide: OWNER_GUARD_OPTIONS, useExisting: tokens.resolved },
        { provide: tokens.module, useValue: definition.module },
      ],
    };
  };
