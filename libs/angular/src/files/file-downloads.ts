import { HttpClient } from '@angular/common/http';
import { DOCUMENT, inject, Injectable } from '@angular/core';
import { map, switchMap, type Observable } from 'rxjs';
import { ApiCredential } from '../api-credential';
import { UPLOAD_API_URL } from '../upload.tokens';
import { UPLOAD_OPTIONS } from '../uploads-options';
import type { UploadedFile } from './uploaded-file';

/** Where the bytes of files are. */
@Injectable({ providedIn: 'root' })
export class FileDownloads {
  private readonly http = inject(HttpClient);
  private readonly document = inject(DOCUMENT);
  private readonly credential = inject(ApiCredential);
  private readonly filesUrl = `${inject(UPLOAD_API_URL)}/files`;
  private readonly options = inject(UPLOAD_OPTIONS);
  private readonly gateway = this.options.url ?? '';

  /** The address of a file. It leads to the file if the browser has a cookie for the host. */
  addressOf({ url }: UploadedFile): string {
    return url.startsWith('/') ? `${this.gateway}${url}` : url;
  }

  /**
   * Whether the address alone does not lead to the file: the application has a token of its own, which is in no cookie, or
   * the file is on another host than the page.
   */
  needsLink(file: UploadedFile): boolean {
    const { origin } = this.document.location;
    return this.options.token !== undefined || new URL(this.addressOf(file), origin).origin !== origin;
  }

  /** Asks for a link that leads to the file without a cookie, and follows it. The page stays, as it is a download. */
  open({ fileId }: UploadedFile): Observable<void> {
    const address = `${this.filesUrl}/${encodeURIComponent(fileId)}/link`;
    return this.credential.headers$.pipe(
      // switchMap: there is one credential.
      switchMap((headers) => this.http.post<{ readonly url: string }>(address, null, { headers })),
      map(({ url }) => {
        this.document.location.assign(new URL(url, this.gateway || this.document.baseURI).href);
      }),
    );
  }
}
