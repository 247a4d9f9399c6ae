import type { CompletedUpload, UploadError, UploadInProgress } from '@upload-streams/protocol';
import type { UploadConnection } from '../session/upload-connection.js';

/** A connection that remembers what it was told. */
export class TestConnection implements UploadConnection {
  connected = true;
  file: CompletedUpload | undefined;
  /** Codes of all that it was told. */
  readonly errors: string[] = [];
  error: UploadError | undefined;
  readonly steps: UploadInProgress['step'][] = [];
  private readonly stepWatchers = new Set<() => void>();
  private readonly end = Promise.withResolvers<CompletedUpload>();

  constructor(readonly owner: string | null = 'alice') {
    this.end.promise.catch(() => undefined);
  }

  /** The file that it is told of, or the error, thrown. */
  get ended(): Promise<CompletedUpload> {
    return this.end.promise;
  }

  completed(_: string, file: CompletedUpload): void {
    this.file = file;
    this.end.resolve(file);
  }

  inProgress(_: string, step: UploadInProgress['step']): void {
    this.steps.push(step);
    for (const look of this.stepWatchers) look();
  }

  /** Resolves once it was told of a step this many times. */
  async toldOf(step: UploadInProgress['step'], times = 1): Promise<void> {
    const told = Promise.withResolvers<void>();
    const look = () => {
      if (this.steps.filter((one) => one === step).length >= times) told.resolve();
    };
    this.stepWatchers.add(look);
    look();
    await told.promise;
    this.stepWatchers.delete(look);
  }

  failed(_: string, error: UploadError): void {
    this.error = error;
    this.errors.push(error.code);
    this.end.reject(error);
  }
}
