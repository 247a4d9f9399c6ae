import { DOCUMENT, inject, Injectable } from '@angular/core';
import { browserIdentity } from '@upload-streams/client';

/** Who this browser is to the gateway. `browserIdentity` of the client says where the secret is kept. */
@Injectable({ providedIn: 'root' })
export class UploadIdentity {
  readonly secret = browserIdentity(inject(DOCUMENT));

  /** The headers of an API request. */
  readonly headers: Readonly<Record<string, string>> = { Authorization: `Bearer ${this.secret}` };
}
