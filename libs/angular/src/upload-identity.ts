import { DOCUMENT, inject, Injectable } from '@angular/core';
import { browserIdentity } from '@upload-streams/client';

/**
 * Who this browser is to the gateway, unless the application has a `token` of its own. `browserIdentity` of the client says
 * where the secret is kept.
 */
@Injectable({ providedIn: 'root' })
export class UploadIdentity {
  private readonly document = inject(DOCUMENT);
  private known: string | undefined;

  /** Created when it is first read, in a browser only: a server that renders the page has no identity. */
  get secret(): string {
    return (this.known ??= browserIdentity(this.document));
  }
}
