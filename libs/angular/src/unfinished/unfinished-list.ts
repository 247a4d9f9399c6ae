import type { ElementRef } from '@angular/core';
import {
  afterNextRender,
  ChangeDetectionStrategy,
  Component,
  computed,
  inject,
  Injector,
  signal,
  viewChild,
} from '@angular/core';
import type { ResumeRecord } from '@upload-streams/client';
import type { ChosenFile } from '../chosen-file';
import { KeepFocus } from '../focus/keep-focus';
import { shownName } from '../format/shown-name';
import { UploadService } from '../upload.service';
import { UnfinishedRow } from './unfinished-row';
import { UnfinishedUploads } from './unfinished-uploads.service';

/** The uploads that an earlier visit left unfinished. Shows nothing if there are none. */
@Component({
  selector: 'us-unfinished-list',
  imports: [KeepFocus, UnfinishedRow],
  templateUrl: './unfinished-list.html',
  styleUrl: './unfinished-list.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
  // Another tab may have left an upload meanwhile.
  host: { '(window:focus)': 'unfinished.refresh()' },
})
export class UnfinishedList {
  protected readonly unfinished = inject(UnfinishedUploads);
  private readonly uploads = inject(UploadService);
  private readonly injector = inject(Injector);
  private readonly news = viewChild.required<ElementRef<HTMLElement>>('news');

  /** Without those that have a row among the uploads, for example because they failed. They are continued there. */
  protected readonly records = computed(() => {
    const shown = new Set(this.uploads.uploads().map(({ state }) => state.sessionID));
    return this.unfinished.records().filter(({ sessionID }) => !shown.has(sessionID));
  });

  /** For screen readers. */
  protected readonly announcement = signal('');

  protected takeUp(record: ResumeRecord, chosen: ChosenFile): void {
    this.uploads.takeUp(record, chosen);
    this.tell(`${shownName(record.fileName)} goes on.`);
  }

  protected forget({ sessionID, fileName }: ResumeRecord): void {
    void this.unfinished.forget(sessionID);
    this.tell(`${shownName(fileName)} is forgotten.`);
  }

  /** The list disappears with its last row, and the focus with it. Then the announcement takes the focus. */
  private tell(what: string): void {
    this.announcement.set(what);
    const news = this.news().nativeElement;
    const rescue = () => {
      if (news.ownerDocument.activeElement === news.ownerDocument.body) news.focus();
    };
    afterNextRender({ read: rescue }, { injector: this.injector });
  }
}
