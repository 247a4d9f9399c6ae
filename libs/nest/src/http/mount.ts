import { Controller, type Type } from '@nestjs/common';

/** Decides at which path a controller is served. Nest reads it when the application is initialised. */
export function mount<T>(
  controller: Type<T>,
  { path = '', version }: { readonly path?: string; readonly version?: string | undefined },
): Type<T> {
  Controller({ path, ...(version !== undefined && { version }) })(controller);
  return controller;
}
