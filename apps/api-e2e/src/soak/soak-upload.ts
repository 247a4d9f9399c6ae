import { isFinal, type NodeUploadClient, type UploadState } from '@upload-streams/client/node';
import { randomBytes } from 'node:crypto';
import { lastValueFrom, tap } from 'rxjs';
import type { Fault, SoakReport } from './soak-report.ts';
import type { SoakSource } from './soak-source.ts';

/** A fault that hit an upload, until the upload makes progress again. */
interface Hit {
  readonly fault: Fault;
  readonly at: number;
  readonly undisturbed: boolean;
  /** Whether the upload has left the connection that was hit. Acks before that were already in transit. */
  readonly noticed: boolean;
}

/** One attempt of one client at an upload. */
interface Attempt {
  readonly client: NodeUploadClient;
  readonly end: Promise<UploadState>;
  state: UploadState | undefined;
}

/** An upload in the soak, by one client or by several that take it over from each other. */
export class SoakUpload {
  readonly what: SoakSource;
  private readonly sessionID = randomBytes(18).toString('base64url');
  private readonly attempts: Attempt[] = [];
  private readonly report: SoakReport;
  private hit: Hit | undefined;

  constructor(what: SoakSource, report: SoakReport) {
    this.what = what;
    this.report = report;
  }

  startOn(client: NodeUploadClient): void {
    const attempt: Attempt = { client, state: undefined, end: Promise.resolve().then(() => this.run(attempt)) };
    this.attempts.push(attempt);
  }

  /** A stream can be read only once, so no other client can take it over. */
  get canMove(): boolean {
    return this.what.kind !== 'stream' && this.attempts.length < 4 && this.isMoving();
  }

  isOn(client: NodeUploadClient): boolean {
    return this.attempts.at(-1)?.client === client;
  }

  /** Records a fault of the link or the server, if it can have affected the upload. */
  struck(fault: Fault): void {
    if (this.hit) this.hit = { ...this.hit, undisturbed: false };
    else if (this.isMoving()) this.hit = { fault, at: performance.now(), undisturbed: true, noticed: false };
  }

  /** How all attempts ended. At least one must have completed; the others may only have been taken over. */
  async ends(): Promise<UploadState[]> {
    const ends: UploadState[] = [];
    // Attempts may be added while the others are awaited.
    for (let n = 0; n < this.attempts.length; n++) ends.push(await this.attempts[n]!.end);
    return ends;
  }

  describe(): string {
    const states = this.attempts.map(({ state }) => {
      const error = state?.status === 'failed' ? state.error : state?.status === 'waiting' ? state.reason : undefined;
      const why = error ? ` (${error.code}: ${String(error.cause ?? error.message)})` : '';
      return `${state?.status}${why} at ${state?.uploaded}`;
    });
    return `${this.what.kind} of ${this.what.size} bytes, session ${this.sessionID}: ${states.join(', ')}`;
  }

  private run(attempt: Attempt): Promise<UploadState> {
    const options = { fileName: 'soak.bin', sessionID: this.sessionID };
    const states$ = attempt.client.upload(this.what.source, options).pipe(tap((state) => this.note(attempt, state)));
    return lastValueFrom(states$);
  }

  private note(attempt: Attempt, state: UploadState): void {
    const before = attempt.state;
    attempt.state = state;
    if (before && before.sessionID !== state.sessionID) this.report.restarts++;
    if (!this.hit || attempt !== this.attempts.at(-1)) return;
    if (state.status === 'connecting') this.hit = { ...this.hit, noticed: true };
    // The first `uploading` state has the offset at which the upload continues. The next one shows progress.
    const acked = state.status === 'uploading' && before?.status === 'uploading' && state.uploaded > before.uploaded;
    const { fault, at, undisturbed, noticed } = this.hit;
    if (noticed && (acked || state.status === 'completed')) {
      this.report.wentOn(fault, performance.now() - at, undisturbed);
      this.hit = undefined;
    } else if (isFinal(state)) this.hit = undefined;
  }

  private isMoving(): boolean {
    const status = this.attempts.at(-1)?.state?.status;
    return status === 'uploading' || status === 'verifying';
  }
}
