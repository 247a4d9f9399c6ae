import { createParamDecorator, Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { UPLOAD_AUTHENTICATOR, type Authenticator, type FileRequester } from '@upload-streams/nest';
import type { Request } from 'express';

type IdentifiedRequest = Request & { requester?: FileRequester };

/** Asks the authenticator who is behind a request, as the gateway does for a connection. */
@Injectable()
export class OwnerGuard implements CanActivate {
  constructor(@Inject(UPLOAD_AUTHENTICATOR) private readonly authenticator: Authenticator) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<IdentifiedRequest>();
    const owner = await this.authenticator.authenticate({ headers: request.headers });
    const { sessionID } = request.query;
    request.requester = { owner, sessionID: typeof sessionID === 'string' ? sessionID : undefined };
    return true;
  }
}

/** Who asks, as `OwnerGuard` found out. */
export const Requester = createParamDecorator((_: unknown, context: ExecutionContext): FileRequester => {
  return context.switchToHttp().getRequest<IdentifiedRequest>().requester ?? { owner: null };
});
