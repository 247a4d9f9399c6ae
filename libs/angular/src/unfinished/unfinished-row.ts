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

/** One unfinished upload: what, how far, since when, and how it goes on. */
@Component({
  selector: 'us-unfinished-row',
  imports: [FormatBytesPipe, FormatTimestampPipe, Icon, MatButton, ShownNamePipe],
  templateUrl: './unfinished-row.html',
  styleUrl: './unfinished-row.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class UnfinishedRow {
  private readonly window = inject(DOCUMENT).defaultView;

  readonly record = input.required<ResumeRecord>();

  /** The file is there and can be read. */
  readonly found = output<ChosenFile>();
  readonly forget = output();

  protected readonly problem = signal('');
  protected readonly asking = signal(false);

  protected readonly icon = computed(() => fileIcon(this.record().type));
  protected readonly percent = computed(() => Math.floor((this.record().uploaded / this.record().size) * 100));
  protected readonly since = computed(() => new Date(this.record().updatedAt).toISOString());

  /** The file itself is remembered; choosing it again is for where it can't be read. */
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

  /** By the picker that gives handles; else by `input`. */
  protected async choose(input: HTMLInputElement): Promise<void> {
    const picked = await pickFiles(this.window, false);
    if (picked === undefined) input.click();
    else if (picked.unreadable > 0) this.problem.set(UNREADABLE_SENTENCES.missing);
    else if (picked.files[0]) this.check(picked.files[0]);
  }

  protected chooseFrom(input: HTMLInputElement): void {
    const file = input.files?.[0];
    if (file) this.check({ file });
    // Else choosing the same file again would be no change.
    input.value = '';
  }

  /** Name and size say whether it is the file that was meant; whether its bytes are the same is seen when it goes on. */
  private check(chosen: ChosenFile): void {
    const problem = wrongFile(this.record(), chosen.file);
    this.problem.set(problem);
    if (problem === '') this.found.emit(chosen);
  }
}
