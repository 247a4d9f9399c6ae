import { BehaviorSubject, type Observable } from 'rxjs';

export type UploadCommand = 'run' | 'pause' | 'cancel';

/** What a person may do with a running upload. One object for one upload. */
export class UploadControls {
  private readonly commands = new BehaviorSubject<UploadCommand>('run');

  /** The pipeline's input: the latest command. */
  readonly commands$: Observable<UploadCommand> = this.commands.asObservable();

  /** Stops sending; what the server has stays there. */
  pause(): void {
    this.give('pause');
  }

  /** Goes on from the server's offset. */
  resume(): void {
    this.give('run');
  }

  /** Ends the upload for good; the server drops what it has. */
  cancel(): void {
    this.give('cancel');
  }

  private give(command: UploadCommand): void {
    if (this.commands.value !== 'cancel' && this.commands.value !== command) this.commands.next(command);
  }
}
