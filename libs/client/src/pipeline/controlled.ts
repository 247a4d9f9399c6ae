import { map, merge, of, switchMap, takeWhile, type Observable } from 'rxjs';
import { isLast, type UploadEvent } from '../state/upload-event.js';

export interface UploadInputs {
  /** The latest command of the person. Emits on subscription. */
  readonly commands$: Observable<'run' | 'pause' | 'cancel'>;
  /** Emits when the session is cancelled from outside of the upload. */
  readonly cancelled$: Observable<unknown>;
}

/**
 * An upload under the commands of a person. A pause ends the work on the connection, and running again begins again.
 * `uploaded$` is the upload itself, `cancelled$` ends it on the server.
 */
export function controlled(
  uploaded$: Observable<UploadEvent>,
  cancelled$: Observable<UploadEvent>,
  inputs: UploadInputs,
): Observable<UploadEvent> {
  const courses = { run: uploaded$, pause: of<UploadEvent>({ type: 'paused' }), cancel: cancelled$ };
  // switchMap: a command ends what the one before it started.
  const commanded$ = inputs.commands$.pipe(switchMap((command) => courses[command]));
  const endedOutside$ = inputs.cancelled$.pipe(map((): UploadEvent => ({ type: 'cancelled' })));
  return merge(endedOutside$, commanded$).pipe(takeWhile((event) => !isLast(event), true));
}
