import { BehaviorSubject, defer, filter, finalize, switchMap, take, type Observable } from 'rxjs';

/** Lets a few through at once; who waits is let in by turns. */
export class Lane {
  private readonly free: BehaviorSubject<number>;

  constructor(slots: number) {
    this.free = new BehaviorSubject(slots);
  }

  /** Runs `work` as soon as there is a slot, and gives the slot back when it ends, however it ends. */
  run<T>(work: Observable<T>): Observable<T> {
    return this.free.pipe(
      // The value now, not the one emitted: who was let in before this one may have taken the slot within the same call.
      filter(() => this.free.value > 0),
      take(1),
      switchMap(() => this.occupy(work)),
    );
  }

  private occupy<T>(work: Observable<T>): Observable<T> {
    return defer(() => {
      this.free.next(this.free.value - 1);
      return work.pipe(finalize(() => this.free.next(this.free.value + 1)));
    });
  }
}

/** Two lanes, so that a small file never waits behind a large one. */
export interface UploadLanes {
  readonly small: Lane;
  readonly large: Lane;
}
