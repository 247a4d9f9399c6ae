import { ChangeDetectionStrategy, Component, computed, input, output } from '@angular/core';
import { toObservable, toSignal } from '@angular/core/rxjs-interop';
import { MatIconButton } from '@angular/material/button';
import { MatProgressBar } from '@angular/material/progress-bar';
import { isFinal } from '@upload-streams/client';
import { switchMap } from 'rxjs';
import { FormatBytesPipe } from '../format/format-bytes.pipe';
import { ShownNamePipe } from '../format/shown-name';
import { Icon, type IconName } from '../icon';
import { countdown } from './countdown';
import { rowButtons, type RowCommand } from './row-buttons';
import type { UploadItem } from './upload-item';
import { percentage, statusLine, sizeOf } from './status-line';

/** One upload: its file, its progress, the time left, and its buttons. */
@Component({
  selector: 'us-upload-row',
  imports: [FormatBytesPipe, Icon, MatIconButton, MatProgressBar, ShownNamePipe],
  templateUrl: './upload-row.html',
  styleUrl: './upload-row.scss',
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { '[attr.data-status]': 'state().status' },
})
export class UploadRow {
  readonly upload = input.required<UploadItem>();

  /** The button that the person pressed. */
  readonly wanted = output<RowCommand>();

  protected readonly state = computed(() => this.upload().state);
  protected readonly final = computed(() => isFinal(this.state()));
  protected readonly buttons = computed(() => rowButtons(this.state()));
  protected readonly size = computed(() => sizeOf(this.upload()));
  protected readonly percent = computed(() => percentage(this.upload()));

  /** Seconds until a waiting upload tries again. */
  private readonly retryInSeconds = toSignal(toObservable(this.state).pipe(switchMap(countdown)), { initialValue: 0 });
  protected readonly line = computed(() => statusLine(this.upload(), this.retryInSeconds()));

  /** How long it takes to connect, to compare or to verify is not known. */
  protected readonly barMode = computed(() => {
    const { status } = this.state();
    const unmeasured = status === 'connecting' || status === 'hashing' || status === 'verifying';
    return unmeasured || this.upload().cancelling ? 'indeterminate' : 'determinate';
  });

  protected readonly icon = computed((): IconName => {
    switch (this.state().status) {
      case 'completed':
        return 'done';
      case 'failed':
        return 'error';
      case 'cancelled':
        return 'cancelled';
      default:
        return 'upload';
    }
  });
}
