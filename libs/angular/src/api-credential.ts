import { EnvironmentInjector, inject, Injectable, runInInjectionContext } from '@angular/core';
import { requestToken, type UploadClientOptions } from '@upload-streams/client';
import { defer, map, type Observable } from 'rxjs';
import { UploadIdentity } from './upload-identity';
import { UPLOAD_OPTIONS } from './uploads-options';

/** The credential of the page: the `token` of the application, or else the identity of the browser. */
@Injectable({ providedIn: 'root' })
export class ApiCredential {
  private readonly options = inject(UPLOAD_OPTIONS);
  private readonly injector = inject(EnvironmentInjector);
  private readonly identity = inject(UploadIdentity);

  /** For the client, which asks for it with each connection. The function of the application may use `inject`. */
  readonly token: UploadClientOptions['token'] = this.own() ?? (() => this.identity.secret);

  /** The headers of an API request, at once if the credential is known. Fails with an UploadError if it can't be had. */
  readonly headers$: Observable<Record<string, string>> = defer(() => {
    const token = this.own() ?? this.identity.secret;
    return requestToken({ token, tokenTimeoutMs: this.options.tokenTimeoutMs });
  }).pipe(map(bearer));

  private own(): UploadClientOptions['token'] {
    const { token } = this.options;
    return typeof token === 'function' ? () => runInInjectionContext(this.injector, token) : token;
  }
}

const bearer = (token: string | undefined): Record<string, string> =>
  token === undefined ? {} : { Authorization: `Bearer ${token}` };
