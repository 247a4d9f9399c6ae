import { finalize, Observable } from 'rxjs';

/** Lets a limited number of observables run at once. The others wait, first come, first served. */
export class Semaphore {
  /** In order of arrival. */
  private readonly waiting = new Set<() => void>();

  /** `free`: how many may run at once. */
  constructor(private free: number) {}

  /** Subscribes to `work` as soon as there is a permit. The permit returns when `work` ends, however it ends. */
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
