import { ChangeDetectionStrategy, Component, DOCUMENT, inject, output, signal } from '@angular/core';
import { MatButton } from '@angular/material/button';
import type { ChosenFile, ChosenFiles } from '../chosen-file';
import { pickFiles } from '../file-access';
import { Icon } from '../icon';
import { readDroppedFiles } from './dropped-files';

/**
 * For dropping and choosing files. The whole page accepts drops: otherwise a browser would open a file that is dropped beside
 * the zone in place of the page, which would end the uploads.
 */
@Component({
  selector: 'us-drop-zone',
  imports: [Icon, MatButton],
  templateUrl: './drop-zone.html',
  styleUrl: './drop-zone.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: {
    '[class.over]': 'over()',
    '(document:dragenter)': 'drag($event)',
    '(document:dragover)': 'drag($event)',
    '(document:dragleave)': 'leave($event)',
    '(document:drop)': 'drop($event)',
  },
})
export class DropZone {
  private readonly document = inject(DOCUMENT);

  /** The files that were chosen; at least one. */
  readonly chosen = output<readonly ChosenFile[]>();

  protected readonly over = signal(false);
  protected readonly problem = signal('');

  protected drag(event: DragEvent): void {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = 'copy';
    this.over.set(true);
  }

  /** Only when the drag leaves the page, not when it passes from one part of it to another. */
  protected leave(event: DragEvent): void {
    if (event.relatedTarget === null) this.over.set(false);
  }

  protected async drop(event: DragEvent): Promise<void> {
    this.over.set(false);
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    this.take(await readDroppedFiles(event.dataTransfer));
  }

  /** Uses the picker that provides handles if there is one, else `input`. With a handle, one click resumes the upload. */
  protected async choose(input: HTMLInputElement): Promise<void> {
    const picked = await pickFiles(this.document.defaultView, true);
    if (picked === undefined) input.click();
    else if (picked.files.length + picked.unreadable > 0) this.take(picked);
  }

  protected chooseFrom(input: HTMLInputElement): void {
    this.take({ files: Array.from(input.files ?? [], (file) => ({ file })), unreadable: 0 });
    // Otherwise, choosing the same file again would not be a change.
    input.value = '';
  }

  private take({ files, unreadable }: ChosenFiles): void {
    this.problem.set(sentence(files.length, unreadable));
    if (files.length > 0) this.chosen.emit(files);
  }
}

function sentence(readable: number, unreadable: number): string {
  if (unreadable > 0) return `${unreadable === 1 ? 'One item' : `${unreadable} items`} could not be read.`;
  return readable === 0 ? 'There was no file in it.' : '';
}
