import { ChangeDetectionStrategy, Component, inject } from '@angular/core';
import { DropZone, FileList, UnfinishedList, UploadQueue, UploadService } from '@upload-streams/angular';
import { isFinal } from '@upload-streams/client';

/** Drop, watch, find again. */
@Component({
  selector: 'us-upload-page',
  imports: [DropZone, FileList, UnfinishedList, UploadQueue],
  template: `
    <us-drop-zone (chosen)="uploads.add($event)" />
    <us-unfinished-list />
    <us-upload-queue />
    <us-file-list />
  `,
  styles: `
    :host {
      display: grid;
      grid-template-columns: minmax(0, 1fr);
      gap: 24px;
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { '(window:beforeunload)': 'warn($event)' },
})
export class UploadPage {
  protected readonly uploads = inject(UploadService);

  /** Leaving stops what is under way; the browser asks in its own words. */
  protected warn(event: BeforeUnloadEvent): void {
    if (this.uploads.uploads().some(({ state }) => !isFinal(state))) event.preventDefault();
  }
}
