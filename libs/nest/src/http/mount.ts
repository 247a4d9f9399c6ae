import { Controller, type Type } from '@nestjs/common';

export interface MountOptions {
  readonly path?: string;
  readonly version?: string | undefined;
}

/** Decides at which path a controller is served. Nest reads it when the application is initialised. */
export function mount<T>(controller: Type<T>, { path = '', version }: MountOptions): Type<T> {
  Controller({ path, ...(version !== undefined && { version }) })(controller);
  return controller;
}
