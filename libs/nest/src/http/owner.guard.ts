import { createParamDecorator, Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { ChosenArea } from '../area/chosen-area.js';
import type { DownloadGrant } from '../catalogue/download-grant.js';
import type { FileRequester } from '../catalogue/files.service.js';
import { fromHost } from '../errors/host-error.js';
import { requireOwner } from '../errors/require-owner.js';
import type { HttpRequest } from './http-answer.js';
import { requireOwnPage } from './same-origin.js';

/** The token of `OwnerGuardOptions`. */
export const OWNER_GUARD_OPTIONS = Symbol('OWNER_GUARD_OPTIONS');

export interface OwnerGuardOptions {
  /** Whether to refuse changes with a cookie as their only credential from pages of other origins. */
  readonly checkOrigin: boolean;
}

/** Beside the requests, and not in them, where the application may keep something under the same name. */
const requesters = new WeakMap<HttpRequest, FileRequester>();

/** Asks the authenticator who sends a request, as the gateway does for a connection. */
@Injectable()
export class OwnerGuard implements CanActivate {
  constructor(
    private readonly chosen: ChosenArea,
    @Inject(OWNER_GUARD_OPTIONS) private readonly options: OwnerGuardOptions,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<HttpRequest>();
    // Asks what the server can do, and comes without a credential.
    if (request.method === 'OPTIONS') return true;
    const { authenticator, origins } = this.chosen.area;
    const { headers, query } = request;
    if (this.options.checkOrigin) requireOwnPage(request, origins);
    const { sessionID } = query;
    const grant = grantOf(request);
    // A link with a grant needs no credential, so an authenticator that demands one is not asked.
    const owner = grant
      ? null
      : await fromHost(async () => requireOwner(await authenticator.authenticate({ headers })));
    requesters.set(request, { owner, grant, sessionID: typeof sessionID === 'string' ? sessionID : undefined });
    return true;
  }
}

/** From a link that `POST {fileId}/link` returned. */
function grantOf({ method, query: { expiresAt, signature } }: HttpRequest): DownloadGrant | undefined {
  if (method !== 'GET' && method !== 'HEAD') return undefined;
  if (typeof expiresAt !== 'string' || typeof signature !== 'string') return undefined;
  return { expiresAt: Number(expiresAt), signature };
}

/** Who sends the request, as found by `OwnerGuard`. */
export const Requester = createParamDecorator((_: unknown, context: ExecutionContext): FileRequester => {
  return requesters.get(context.switchToHttp().getRequest<HttpRequest>()) ?? { owner: null };
});
