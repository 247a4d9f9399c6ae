import { Injectable } from '@nestjs/common';
import { filter, map, Subject, type Observable } from 'rxjs';
import type { FileRecord } from '../contracts/records.js';

/** An event in the life of an upload, for other code of the application. */
export type UploadLifecycleEvent =
  | { readonly type: 'begun'; readonly sessionID: string; readonly owner: string | null; readonly fileName: string }
  | { readonly type: 'completed'; readonly file: FileRecord }
  | { readonly type: 'cancelled' | 'expired'; readonly sessionID: string }
  /** Bytes of an unfinished upload that belong to no session, for example after a crash, were put into quarantine. */
  | { readonly type: 'orphan'; readonly fileId: string };

/** Inject it to follow all uploads: `events.completed$.subscribe((file) => ...)`. The streams complete at shutdown. */
@Injectable()
export class UploadEvents {
  private readonly events = new Subject<UploadLifecycleEvent>();

  readonly all$: Observable<UploadLifecycleEvent> = this.events.asObservable();

  /** Each file, once it is verified, durable and in the catalogue. */
  readonly completed$: Observable<FileRecord> = this.all$.pipe(
    filter((event) => event.type === 'completed'),
    map(({ file }) => file),
  );

  emit(event: UploadLifecycleEvent): void {
    this.events.next(event);
  }

  /** Ends the streams. Call it at the end of the shutdown: uploads may still complete until then. */
  complete(): void {
    this.events.complete();
  }
}
