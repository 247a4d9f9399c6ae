import { ChangeDetectionStrategy, Component, computed, inject, input, output, signal } from '@angular/core';
import { MatButton, MatIconAnchor, MatIconButton } from '@angular/material/button';
import type { UploadError } from '@upload-streams/protocol';
import { errorSentence } from '../error-sentences';
import { FormatBytesPipe } from '../format/format-bytes.pipe';
import { ShownNamePipe } from '../format/shown-name';
import { FormatTimestampPipe } from '../format/format-timestamp.pipe';

import { fileIcon, Icon } from '../icon';
import { UPLOAD_OPTIONS } from '../uploads-options';
import { FocusOnShow } from '../focus/focus-on-show';
import type { UploadedFile } from './uploaded-file';

/** One file on the server, to download or, after a question, to delete. */
@Component({
  selector: 'us-file-row',
  imports: [
    FocusOnShow,
    FormatBytesPipe,
    FormatTimestampPipe,
    Icon,
    MatButton,
    MatIconAnchor,
    MatIconButton,
    ShownNamePipe,
  ],
  templateUrl: './file-row.html',
  styleUrl: './file-row.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class FileRow {
  private readonly origin = inject(UPLOAD_OPTIONS).url ?? '';

  readonly file = input.required<UploadedFile>();
  readonly deleting = input(false);
  readonly error = input<UploadError>();

  readonly delete = output();

  /** `ask`: the person wants to delete the file, and is asked. `asked`: the question is answered, and the focus returns. */
  protected readonly step = signal<'idle' | 'ask' | 'asked'>('idle');

  protected readonly icon = computed(() => fileIcon(this.file().type));
  protected readonly href = computed(() => `${this.file().url.startsWith('/') ? this.origin : ''}${this.file().url}`);
  protected readonly problem = computed(() => {
    const error = this.error();
    return error ? `Not deleted. ${errorSentence(error).what}` : '';
  });

  protected confirm(): void {
    this.step.set('asked');
    this.delete.emit();
  }
}
