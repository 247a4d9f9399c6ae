import { ChangeDetectionStrategy, Component, computed, DOCUMENT, inject, input, output, signal } from '@angular/core';
import { MatButton } from '@angular/material/button';
import type { ResumeRecord } from '@upload-streams/client';
import type { ChosenFile } from '../chosen-file';
import { pickFiles, readHandle } from '../file-access';
import { FormatBytesPipe } from '../format/format-bytes.pipe';
import { ShownNamePipe } from '../format/shown-name';
import { FormatTimestampPipe } from '../format/format-timestamp.pipe';
import { fileIcon, Icon } from '../icon';
import { UNREADABLE_SENTENCES, wrongFile } from './unfinished-sentences';

/** One unfinished upload: its file, its progress, its date, and how to continue it. */
@Component({
  selector: 'us-unfinished-row',
  imports: [FormatBytesPipe, FormatTimestampPipe, Icon, MatButton, ShownNamePipe],
  templateUrl: './unfinished-row.html',
  styleUrl: './unfinished-row.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class UnfinishedRow {
  private readonly document = inject(DOCUMENT);

  readonly record = input.required<ResumeRecord>();

  /** The file was found and can be read. */
  readonly found = output<ChosenFile>();
  readonly forget = output();

  protected readonly problem = signal('');
  protected readonly asking = signal(false);

  protected readonly icon = computed(() => fileIcon(this.record().type));
  protected readonly percent = computed(() => Math.floor((this.record().uploaded / this.record().size) * 100));
  protected readonly since = computed(() => new Date(this.record().updatedAt).toISOString());

  /** Whether there is a handle. The file only has to be chosen again if it can't be read through the handle. */
  protected readonly remembered = computed(() => this.record().handle !== undefined);
  protected readonly choosable = computed(() => !this.remembered() || this.problem() !== '');

  protected async goOn(): Promise<void> {
    const { handle } = this.record();
    if (!handle || this.asking()) return;
    this.asking.set(true);
    const read = await readHandle(handle);
    this.asking.set(false);
    if (read instanceof File) this.found.emit({ file: read, handle });
    else this.problem.set(UNREADABLE_SENTENCES[read]);
  }

  /** Uses the picker that provides handles if there is one, else `input`. */
  protected async choose(input: HTMLInputElement): Promise<void> {
    const picked = await pickFiles(this.document.defaultView, false);
    if (picked === undefined) input.click();
    else if (picked.unreadable > 0) this.problem.set(UNREADABLE_SENTENCES.missing);
    else if (picked.files[0]) this.check(picked.files[0]);
  }

  protected chooseFrom(input: HTMLInputElement): void {
    const file = input.files?.[0];
    if (file) this.check({ file });
    // Otherwise, choosing the same file again would not be a change.
    input.value = '';
  }

  /** Compares name and size. The bytes are compared when the upload goes on. */
  private check(chosen: ChosenFile): void {
    const problem = wrongFile(this.record(), chosen.file);
    this.problem.set(problem);
    if (problem === '') this.found.emit(chosen);
  }
}
