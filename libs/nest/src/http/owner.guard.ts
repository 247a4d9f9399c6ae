import { createParamDecorator, Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { ChosenArea } from '../area/chosen-area.js';
import type { FileRequester } from '../catalogue/files.service.js';
import { fromHost } from '../errors/host-error.js';
import type { HttpRequest } from './http-answer.js';
import { requireOwnPage } from './same-origin.js';
import { UPLOAD_HTTP_OPTIONS, type ResolvedUploadHttpOptions } from './upload-http-options.js';

/** Beside the requests, and not in them, where the application may keep something under the same name. */
const requesters = new WeakMap<HttpRequest, FileRequester>();

/** Asks the authenticator who sends a request, as the gateway does for a connection. */
@Injectable()
export class OwnerGuard implements CanActivate {
  constructor(
    private readonly chosen: ChosenArea,
    @Inject(UPLOAD_HTTP_OPTIONS) private readonly options: ResolvedUploadHttpOptions,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<HttpRequest>();
    const { authenticator, options } = this.chosen.area;
    const { method, headers, query } = request;
    if (this.options.checkOrigin) requireOwnPage(method, headers, options.allowedOrigins);
    const owner = await fromHost(() => authenticator.authenticate({ headers }));
    const { sessionID } = query;
    requesters.set(request, { owner, sessionID: typeof sessionID === 'string' ? sessionID : undefined });
    return true;
  }
}

/** Who sends the request, as found by `OwnerGuard`. */
export const Requester = createParamDecorator((_: unknown, context: ExecutionContext): FileRequester => {
  return requesters.get(context.switchToHttp().getRequest<HttpRequest>()) ?? { owner: null };
});
