import { Inject, type InjectionToken } from '@nestjs/common';
import { UploadClient } from './upload-client.js';

/** The token of the client that was registered with a name; without one, of the client that has none. */
export function uploadClientToken(name?: string): InjectionToken<UploadClient> {
  return name === undefined ? UploadClient : Symbol.for(`@upload-streams/nest/client:${name}`);
}

/** Injects the client that was registered with a name: `constructor(@InjectUploadClient('archive') client: UploadClient)`. */
export const InjectUploadClient = (name: string): PropertyDecorator & ParameterDecorator =>
  Inject(uploadClientToken(name));
