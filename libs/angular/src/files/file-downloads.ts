import { HttpClient } from '@angular/common/http';
import { DOCUMENT, inject, Injectable } from '@angular/core';
import { map, type Observable } from 'rxjs';
import { UploadIdentity } from '../upload-identity';
import { UPLOAD_API_URL, UPLOAD_OPTIONS } from '../upload.tokens';
import type { UploadedFile } from './uploaded-file';

/** Where the bytes of files are. */
@Injectable({ providedIn: 'root' })
export class FileDownloads {
  private readonly http = inject(HttpClient);
  private readonly document = inject(DOCUMENT);
  private readonly headers = inject(UploadIdentity).headers;
  private readonly filesUrl = `${inject(UPLOAD_API_URL)}/files`;
  private readonly gateway = inject(UPLOAD_OPTIONS).url ?? '';

  /** The address of a file. The browser is let in by its cookie, which it sends to the host of the page only. */
  addressOf({ url }: UploadedFile): string {
    return url.startsWith('/') ? `${this.gateway}${url}` : url;
  }

  /** Whether the file is on another host than the page, so that its address alone does not lead to it. */
  isForeign(file: UploadedFile): boolean {
    const { origin } = this.document.location;
    return new URL(this.addressOf(file), origin).origin !== origin;
  }

  /** Asks for a link that leads to the file without a cookie, and follows it. The page stays, as it is a download. */
  open({ fileId }: UploadedFile): Observable<void> {
    const address = `${this.filesUrl}/${encodeURIComponent(fileId)}/link`;
    return this.http.post<{ readonly url: string }>(address, null, { headers: this.headers }).pipe(
      map(({ url }) => {
        this.document.location.assign(new URL(url, this.gateway || this.document.baseURI).href);
      }),
    );
  }
}
