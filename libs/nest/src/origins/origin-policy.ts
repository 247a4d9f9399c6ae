import { Inject, Injectable } from '@nestjs/common';
import { UPLOAD_OPTIONS, type ResolvedUploadOptions } from '../upload-options.js';
import { AllowedOrigins } from './allowed-origins.js';
import { isOwnOrigin, trustProxies, type RequestFacts, type TrustProxy } from './public-origins.js';

/**
 * Who sends a request: a client that is no browser (`none`), a page of the gateway's own origin (`own`), of an origin that
 * is listed (`listed`) or that `*` allows (`any`), or of any other (`stranger`).
 */
export type RequestSource = 'none' | 'own' | 'listed' | 'any' | 'stranger';

/** `true` names the origin that asks. */
export interface CorsRule {
  readonly origin: boolean | '*';
  readonly credentials: boolean;
}

/** Decides which pages may use the gateway: the same for sockets and for HTTP. */
@Injectable()
export class OriginPolicy {
  private readonly allowed: AllowedOrigins;
  private readonly trusts: TrustProxy;

  constructor(@Inject(UPLOAD_OPTIONS) options: Pick<ResolvedUploadOptions, 'allowedOrigins' | 'trustedProxies'>) {
    this.allowed = new AllowedOrigins(options.allowedOrigins);
    this.trusts = trustProxies(options.trustedProxies);
  }

  sourceOf(request: RequestFacts): RequestSource {
    const origin = request.headers.origin?.toLowerCase();
    if (origin === undefined) return 'none';
    if (isOwnOrigin(origin, request, this.trusts)) return 'own';
    if (this.allowed.lists(origin)) return 'listed';
    return this.allowed.any ? 'any' : 'stranger';
  }

  /** The CORS headers for a request, for the package `cors` and Nest's `enableCors`. Credentials never go with `*`. */
  corsOf(request: RequestFacts): CorsRule {
    const source = this.sourceOf(request);
    if (source === 'listed') return { origin: true, credentials: true };
    return { origin: source === 'any' ? '*' : false, credentials: false };
  }
}
