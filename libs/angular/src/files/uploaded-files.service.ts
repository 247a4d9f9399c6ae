import { HttpClient } from '@angular/common/http';
import { inject, Injectable } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { isUploadError } from '@upload-streams/protocol';
import {
  auditTime,
  catchError,
  map,
  merge,
  mergeMap,
  of,
  scan,
  startWith,
  Subject,
  switchMap,
  type Observable,
} from 'rxjs';
import { ApiCredential } from '../api-credential';
import { UploadService } from '../upload.service';
import { UPLOAD_API_URL } from '../upload.tokens';
import { uploadErrorOf } from './http-error';
import { NO_FILES, reduceFiles, type UploadedFilesEvent } from './reduce-files';
import type { UploadedFilesPage } from './uploaded-file';

const PAGE_SIZE = 50;

/** The longest page that the server returns. */
const LARGEST_PAGE = 200;

/** Files that complete within this time refresh the list once. */
const REFRESH_TOGETHER_MS = 300;

/** The files on the server: lists them page by page, deletes them, and follows the uploads that complete. */
@Injectable({ providedIn: 'root' })
export class UploadedFilesService {
  private readonly http = inject(HttpClient);
  private readonly credential = inject(ApiCredential);
  private readonly filesUrl = `${inject(UPLOAD_API_URL)}/files`;
  private readonly loads = new Subject<string | undefined>();
  private readonly deletions = new Subject<string>();

  private readonly uploaded$ = inject(UploadService).completed$.pipe(
    auditTime(REFRESH_TOGETHER_MS),
    map(() => undefined),
  );
  /** A new load replaces one that is still running, whose answer would be out of date. */
  private readonly loaded$ = merge(this.loads, this.uploaded$).pipe(switchMap((cursor) => this.load(cursor)));
  private readonly deleted$ = this.deletions.pipe(mergeMap((fileId) => this.deleteFile(fileId)));

  readonly state = toSignal(merge(this.loaded$, this.deleted$).pipe(scan(reduceFiles, NO_FILES)), {
    initialValue: NO_FILES,
  });

  /** Loads the first page again. */
  refresh(): void {
    this.loads.next(undefined);
  }

  /** Loads the next page. */
  showMore(): void {
    this.loads.next(this.state().nextCursor);
  }

  delete(fileId: string): void {
    this.deletions.next(fileId);
  }

  private load(cursor: string | undefined): Observable<UploadedFilesEvent> {
    const params: Record<string, string | number> = cursor
      ? { limit: PAGE_SIZE, cursor }
      : { limit: this.firstPageSize() };
    return this.request((headers) => this.http.get<UploadedFilesPage>(this.filesUrl, { headers, params })).pipe(
      map((page): UploadedFilesEvent => ({ type: cursor ? 'next page' : 'first page', page })),
      catchError((error) => of<UploadedFilesEvent>({ type: 'load failed', error: uploadErrorOf(error) })),
      startWith<UploadedFilesEvent>({ type: 'loading' }),
    );
  }

  /** A request with the credential of the page, which is asked for with each request. */
  private request<T>(send: (headers: Record<string, string>) => Observable<T>): Observable<T> {
    // switchMap: there is one credential.
    return this.credential.headers$.pipe(switchMap(send));
  }

  /** Everything that is shown, in whole pages, so that the list does not shrink when a file is added. */
  private firstPageSize(): number {
    const shown = Math.ceil(this.state().files.length / PAGE_SIZE) * PAGE_SIZE;
    return Math.min(LARGEST_PAGE, Math.max(PAGE_SIZE, shown));
  }

  private deleteFile(fileId: string): Observable<UploadedFilesEvent> {
    const url = `${this.filesUrl}/${encodeURIComponent(fileId)}`;
    return this.request((headers) => this.http.delete(url, { headers })).pipe(
      map((): UploadedFilesEvent => ({ type: 'deleted', fileId })),
      catchError((error) => of(notDeleted(fileId, error))),
      startWith<UploadedFilesEvent>({ type: 'deleting', fileId }),
    );
  }
}

/** A file that no longer exists counts as deleted. */
function notDeleted(fileId: string, cause: unknown): UploadedFilesEvent {
  const error = uploadErrorOf(cause);
  return isUploadError(error, 'FILE_NOT_FOUND')
    ? { type: 'deleted', fileId }
    : { type: 'delete failed', fileId, error };
}
