import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { MatButton } from '@angular/material/button';
import { isFinal } from '@upload-streams/client';
import { auditTime, buffer, map, startWith, switchMap, timer } from 'rxjs';
import { KeepFocus } from '../focus/keep-focus';
import { UploadService } from '../upload.service';
import { announcement } from './announcement';
import type { RowCommand } from './row-buttons';
import { UploadRow } from './upload-row';

/** Uploads that end within this time are announced together. */
const ANNOUNCE_TOGETHER_MS = 500;

/** Long enough to be read out. Then the announcement is removed, so that the same words can be announced again. */
const ANNOUNCEMENT_STAYS_MS = 10_000;

/** The uploads of this visit. Shows nothing if there are none. */
@Component({
  selector: 'us-upload-queue',
  imports: [KeepFocus, MatButton, UploadRow],
  templateUrl: './upload-queue.html',
  styleUrl: './upload-queue.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class UploadQueue {
  private readonly service = inject(UploadService);
  protected readonly uploads = this.service.uploads;

  private readonly finished = computed(() => this.uploads().filter(({ state }) => isFinal(state)));
  protected readonly anyFinished = computed(() => this.finished().length > 0);
  private readonly underWay = computed(() => this.uploads().length - this.finished().length);
  private readonly completed = computed(() => this.finished().filter(({ state }) => state.status === 'completed'));

  protected readonly summary = computed(() => {
    const all = this.uploads().length;
    return this.underWay() > 0 ? `${this.completed().length} of ${all} done` : `${this.completed().length} done`;
  });

  /** For screen readers. */
  protected readonly announcement = toSignal(
    this.service.ended$.pipe(
      buffer(this.service.ended$.pipe(auditTime(ANNOUNCE_TOGETHER_MS))),
      map(announcement),
      switchMap((text) =>
        timer(ANNOUNCEMENT_STAYS_MS).pipe(
          map(() => ''),
          startWith(text),
        ),
      ),
    ),
    { initialValue: '' },
  );

  protected run(id: string, command: RowCommand): void {
    this.service[command](id);
  }

  protected dismissFinished(): void {
    for (const { id } of this.finished()) this.service.dismiss(id);
  }
}
