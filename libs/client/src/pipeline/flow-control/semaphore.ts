import { finalize, Observable } from 'rxjs';

/** Lets a few through at once; who waits is let in by turns. */
export class Lane {
  /** In the order in which they came. */
  private readonly waiting = new Set<() => void>();

  constructor(private free: number) {}

  /** Runs `work` as soon as there is a slot, and gives the slot back when it ends, however it ends. */
  run<T>(work: Observable<T>): Observable<T> {
    return new Observable((subscriber) => {
      const enter = () => subscriber.add(this.occupy(work).subscribe(subscriber));
      this.waiting.add(enter);
      subscriber.add(() => this.waiting.delete(enter));
      this.admit();
    });
  }

  private occupy<T>(work: Observable<T>): Observable<T> {
    this.free--;
    return work.pipe(
      finalize(() => {
        this.free++;
        this.admit();
      }),
    );
  }

  private admit(): void {
    for (const enter of this.waiting) {
      if (this.free <= 0) return;
      this.waiting.delete(enter);
      enter();
    }
  }
}

/** Two lanes, so that a small file never waits behind a large one. */
export interface UploadLanes {
  readonly small: Lane;
  readonly large: Lane;
}
