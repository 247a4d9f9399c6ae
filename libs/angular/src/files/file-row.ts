import { ChangeDetectionStrategy, Component, computed, DestroyRef, inject, input, output, signal } from '@angular/core';
import { takeUntilDestroyed } from '@angular/core/rxjs-interop';
import { MatButton, MatIconAnchor, MatIconButton } from '@angular/material/button';
import type { UploadError } from '@upload-streams/protocol';
import { errorSentence } from '../error-sentences';
import { FormatBytesPipe } from '../format/format-bytes.pipe';
import { ShownNamePipe } from '../format/shown-name';
import { FormatTimestampPipe } from '../format/format-timestamp.pipe';

import { fileIcon, Icon } from '../icon';
import { FocusOnShow } from '../focus/focus-on-show';
import { FileDownloads } from './file-downloads';
import { uploadErrorOf } from './http-error';
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
  private readonly downloads = inject(FileDownloads);
  private readonly destroyed = inject(DestroyRef);

  readonly file = input.required<UploadedFile>();
  readonly deleting = input(false);
  readonly error = input<UploadError>();

  readonly delete = output();

  /** `ask`: the person wants to delete the file, and is asked. `asked`: the question is answered, and the focus returns. */
  protected readonly step = signal<'idle' | 'ask' | 'asked'>('idle');

  protected readonly icon = computed(() => fileIcon(this.file().type));
  protected readonly href = computed(() => this.downloads.addressOf(this.file()));
  private readonly downloadError = signal<UploadError | undefined>(undefined);
  protected readonly problem = computed(() => {
    const [error, failed] = [this.error(), this.downloadError()];
    if (error) return `Not deleted. ${errorSentence(error).what}`;
    return failed ? `Not downloaded. ${errorSentence(failed).what}` : '';
  });

  /** Takes the place of the link where that would not lead to the file. */
  protected download(event: Event): void {
    if (!this.downloads.needsLink(this.file())) return;
    event.preventDefault();
    this.downloadError.set(undefined);
    this.downloads
      .open(this.file())
      .pipe(takeUntilDestroyed(this.destroyed))
      .subscribe({ error: (error: unknown) => this.downloadError.set(uploadErrorOf(error)) });
  }

  protected confirm(): void {
    this.step.set('asked');
    this.delete.emit();
  }
}
