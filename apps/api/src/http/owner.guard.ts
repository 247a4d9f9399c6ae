import { createParamDecorator, Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import {
  OriginPolicy,
  toUploadError,
  UPLOAD_AUTHENTICATOR,
  type Authenticator,
  type FileRequester,
} from '@upload-streams/nest';
import type { Request } from 'express';
import { requireOwnPage } from './same-origin.js';

type IdentifiedRequest = Request & { requester?: FileRequester };

/** Asks the authenticator who sends a request, as the gateway does for a connection. */
@Injectable()
export class OwnerGuard implements CanActivate {
  constructor(
    @Inject(UPLOAD_AUTHENTICATOR) private readonly authenticator: Authenticator,
    private readonly origins: OriginPolicy,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<IdentifiedRequest>();
    requireOwnPage(request, this.origins);
    const owner = await this.identify(request);
    const { sessionID } = request.query;
    request.requester = { owner, sessionID: typeof sessionID === 'string' ? sessionID : undefined };
    return true;
  }

  /** Whatever the authenticator throws becomes an error of the catalogue. */
  private async identify({ headers }: Request): Promise<string | null> {
    try {
      return await this.authenticator.authenticate({ headers });
    } catch (thrown) {
      throw toUploadError(thrown);
    }
  }
}

/** Who sends the request, as found by `OwnerGuard`. */
export const Requester = createParamDecorator((_: unknown, context: ExecutionContext): FileRequester => {
  return context.switchToHttp().getRequest<IdentifiedRequest>().requester ?? { owner: null };
});
