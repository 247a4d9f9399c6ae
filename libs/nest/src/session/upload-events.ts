import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { filter, map, Subject, type Observable } from 'rxjs';
import type { FileRecord } from '../contracts/records.js';

/** What happens to uploads, for other code of the application. */
export type UploadLifecycleEvent =
  | { readonly type: 'begun'; readonly sessionID: string; readonly owner: string | null; readonly fileName: string }
  | { readonly type: 'completed'; readonly file: FileRecord }
  | { readonly type: 'cancelled' | 'expired'; readonly sessionID: string }
  /** Unfinished bytes were found, and set aside, that belonged to no session: a crash had left them. */
  | { readonly type: 'orphan'; readonly fileId: string };

/** Inject it to learn of every upload: `events.completed$.subscribe((file) => ...)`. It completes at shutdown. */
@Injectable()
export class UploadEvents implements OnApplicationShutdown {
  private readonly events = new Subject<UploadLifecycleEvent>();

  readonly all$: Observable<UploadLifecycleEvent> = this.events.asObservable();

  /** Each file, after it is verified, durable and in the catalogue. */
  readonly completed$: Observable<FileRecord> = this.all$.pipe(
    filter((event) => event.type === 'completed'),
    map(({ file }) => file),
  );

  emit(event: UploadLifecycleEvent): void {
    this.events.next(event);
  }

  /** Not before: uploads may still be completed while the application shuts down. */
  onApplicationShutdown(): void {
    this.events.complete();
  }
}
