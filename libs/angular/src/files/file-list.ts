import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';
import { MatButton } from '@angular/material/button';
import { MatProgressBar } from '@angular/material/progress-bar';
import { errorSentence } from '../error-sentences';
import { KeepFocus } from '../focus/keep-focus';
import { Icon } from '../icon';
import { inBrowser } from '../in-browser';
import { FileRow } from './file-row';
import { UploadedFilesService } from './uploaded-files.service';

/** The person's files on the server. */
@Component({
  selector: 'us-file-list',
  imports: [FileRow, Icon, KeepFocus, MatButton, MatProgressBar],
  templateUrl: './file-list.html',
  styleUrl: './file-list.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class FileList {
  protected readonly service = inject(UploadedFilesService);
  protected readonly state = this.service.state;

  protected readonly problem = computed(() => {
    const { error } = this.state();
    return error ? errorSentence(error).what : '';
  });
  protected readonly empty = computed(() => this.state().loaded && this.state().files.length === 0);

  constructor() {
    // A server that renders the page has no credential of the person.
    if (inBrowser()) this.service.refresh();
  }
}
