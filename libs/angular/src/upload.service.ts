import { inject, Injectable } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import {
  detailsOf,
  handleOf,
  isFinal,
  resolveUploadOptions,
  UploadControls,
  type ResumeRecord,
  type UploadState,
} from '@upload-streams/client';
import type { CompletedUpload } from '@upload-streams/protocol';
import {
  concatMap,
  filter,
  finalize,
  from,
  map,
  merge,
  mergeAll,
  mergeMap,
  of,
  scan,
  share,
  Subject,
  switchMap,
  takeUntil,
  type Observable,
} from 'rxjs';
import type { ChosenFile, FileToUpload, UploadDetails } from './chosen-file';
import { readHandle } from './file-access';
import { reduceQueue, type QueueEvent, type UploadItem } from './queue/upload-item';
import { sampleStates } from './queue/sample-states';
import { UnfinishedUploads } from './unfinished/unfinished-uploads.service';
import { UPLOAD_CLIENT } from './upload.tokens';

/** An upload to begin, or to resume if there is a `sessionID`. */
interface UploadStart extends FileToUpload {
  readonly id: string;
  readonly sessionID: string | undefined;
  /** Whether to read the file again through its handle: a `File` can't be read after the file has changed. */
  readonly afresh?: boolean;
}

/** Returns the name and the metadata for the upload of a file. */
type DetailsOf = (file: File) => UploadDetails;

type ChangedEvent = Extract<QueueEvent, { type: 'changed' }>;

/** Ten times a second: more can't be seen. */
const SAMPLE_MS = 100;

/**
 * The uploads of the page. Commands go in, the client runs them, and their states come out as one list. The client takes care
 * of lost connections. All uploads stop with the service.
 */
@Injectable({ providedIn: 'root' })
export class UploadService {
  private readonly engine = inject(UPLOAD_CLIENT);
  private readonly unfinished = inject(UnfinishedUploads);
  private readonly controls = new Map<string, UploadControls>();
  private readonly added = new Subject<readonly FileToUpload[]>();
  private readonly starts = new Subject<UploadStart>();
  private readonly commands = new Subject<QueueEvent>();
  private lastId = 0;

  /** Every upload runs at once: the client, not the page, limits how many send at the same time. */
  private readonly changes$ = merge(
    this.starts,
    // concatMap: rows come in the order of the choices, and no session is recalled twice.
    this.added.pipe(
      concatMap((files) => this.recalled(files)),
      mergeAll(),
    ),
  ).pipe(mergeMap((start) => this.run(start)));
  private readonly events$ = merge(this.commands, this.changes$).pipe(share());

  /** All uploads that were not dismissed, in the order in which they were added. */
  readonly uploads = toSignal(this.events$.pipe(scan(reduceQueue, [] as readonly UploadItem[])), {
    initialValue: [] as readonly UploadItem[],
  });

  /** Emits every upload that ends: completed, failed or cancelled. */
  readonly ended$: Observable<ChangedEvent> = this.events$.pipe(
    filter((event) => event.type === 'changed'),
    filter(({ state }) => isFinal(state)),
  );

  /** Emits every file that the server has confirmed as complete and verified. */
  readonly completed$: Observable<CompletedUpload> = this.ended$.pipe(
    map(({ state }) => state),
    filter((state) => state.status === 'completed'),
    map(({ file }) => file),
  );

  /**
   * Uploads files. Resumes those that an earlier visit left unfinished, under the names that they had. `details` are the name
   * and the metadata of each upload, or a function that returns them for a file. Those beside a file in `files` come first.
   * Throws a RangeError, and adds nothing, if any of them can't be used.
   */
  add(files: Iterable<File | FileToUpload>, details: UploadDetails | DetailsOf = {}): void {
    this.added.next(Array.from(files, (given) => withDetails(given, details)));
  }

  /** Resumes an unfinished upload with its file. */
  takeUp(record: ResumeRecord, { file, handle }: ChosenFile): void {
    const { sessionID } = record;
    const start = { id: this.newId(), file, handle: handle ?? handleOf(record, file), sessionID };
    this.starts.next({ ...start, ...detailsOf(record, {}) });
  }

  pause(id: string): void {
    this.controls.get(id)?.pause();
  }

  resume(id: string): void {
    this.controls.get(id)?.resume();
  }

  /** Ends an upload for good. The server drops what it has of it. */
  cancel(id: string): void {
    this.commands.next({ type: 'cancelling', id });
    this.controls.get(id)?.cancel();
  }

  /** Starts an upload that failed or was cancelled again, from the server's offset. */
  retry(id: string): void {
    const item = this.uploads().find((upload) => upload.id === id);
    if (!item || !isFinal(item.state) || this.controls.has(id)) return;
    const { file, handle, fileName, metadata, state } = item;
    this.starts.next({ id, file, handle, fileName, metadata, sessionID: state.sessionID, afresh: true });
  }

  /** Removes an upload from the list. If it still runs, it stops, and can be resumed by choosing its file again. */
  dismiss(id: string): void {
    this.commands.next({ type: 'dismissed', id });
  }

  private async recalled(files: readonly FileToUpload[]): Promise<readonly UploadStart[]> {
    const records = await this.unfinished.recall(files.map(({ file }) => file));
    return files.map((given, at) => ({
      id: this.newId(),
      file: given.file,
      handle: given.handle ?? handleOf(records[at], given.file),
      sessionID: records[at]?.sessionID,
      ...detailsOf(records[at], given),
    }));
  }

  private run(start: UploadStart): Observable<ChangedEvent> {
    const { id } = start;
    const controls = new UploadControls();
    this.controls.set(id, controls);
    return present(start).pipe(
      switchMap((chosen) => this.upload(chosen, start, controls)),
      takeUntil(this.dismissed(id)),
      finalize(() => this.controls.delete(id)),
    );
  }

  private upload(chosen: ChosenFile, start: UploadStart, controls: UploadControls): Observable<ChangedEvent> {
    const { file, handle } = chosen;
    const { id, sessionID, fileName, metadata } = start;
    const upload = { file, handle, fileName, metadata };
    const options = { fileName: fileName ?? file.name, metadata, controls, sessionID, handle };
    return this.engine.upload(file, options).pipe(
      this.unfinished.follow(upload, sessionID !== undefined),
      sampleStates(SAMPLE_MS),
      map((state: UploadState): ChangedEvent => ({ type: 'changed', id, ...upload, state })),
    );
  }

  private newId(): string {
    return `upload-${++this.lastId}`;
  }

  private dismissed(id: string): Observable<QueueEvent> {
    return this.commands.pipe(filter((command) => command.type === 'dismissed' && command.id === id));
  }
}

function withDetails(given: File | FileToUpload, details: UploadDetails | DetailsOf): FileToUpload {
  const chosen: FileToUpload = given instanceof File ? { file: given } : given;
  const { file, handle } = chosen;
  const other = typeof details === 'function' ? details(file) : details;
  const fileName = chosen.fileName ?? other.fileName;
  const metadata = chosen.metadata ?? other.metadata;
  resolveUploadOptions({ fileName, metadata });
  return { file, handle, fileName, metadata };
}

/** The file to upload: read again through its handle if that is wanted and possible, else as it was chosen. */
function present({ file, handle, afresh }: UploadStart): Observable<ChosenFile> {
  if (!afresh || !handle) return of({ file, handle });
  return from(readHandle(handle)).pipe(map((read) => ({ file: read instanceof File ? read : file, handle })));
}
