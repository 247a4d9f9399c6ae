import { BehaviorSubject, type Observable } from 'rxjs';

export type UploadCommand = 'run' | 'pause' | 'cancel';

/** Pauses, resumes and cancels an upload while it runs. Each upload needs its own object. */
export class UploadControls {
  private readonly commands = new BehaviorSubject<UploadCommand>('run');

  /** The latest command, from which the pipeline takes its course. */
  readonly commands$: Observable<UploadCommand> = this.commands.asObservable();

  /** Stops sending. The server keeps what it has. */
  pause(): void {
    this.give('pause');
  }

  /** Continues from the server's offset. */
  resume(): void {
    this.give('run');
  }

  /** Ends the upload for good. The server drops what it has. */
  cancel(): void {
    this.give('cancel');
  }

  private give(command: UploadCommand): void {
    if (this.commands.value !== 'cancel' && this.commands.value !== command) this.commands.next(command);
  }
}
