import type { PageFacts } from '../../client/job.ts';

/** The interface of a page for the process that drives it. */
export interface BenchPage {
  /** Uploads the chosen file. Resolves with the server's ID of it. */
  upload(): Promise<string>;
  /** Figures of the page during the upload. */
  facts(): PageFacts;
}

const SAMPLE_EVERY_MS = 100;
const MIB = 1024 * 1024;

/** Exposes `upload` to the driving process, and observes the page. */
export function provide(upload: (file: File) => Promise<string>): void {
  let longestTaskMs = 0;
  let heapMib = 0;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longestTaskMs = Math.max(longestTaskMs, duration);
  }).observe({ type: 'longtask', buffered: false });
  setInterval(() => (heapMib = Math.max(heapMib, heapNow())), SAMPLE_EVERY_MS);
  const page: BenchPage = {
    upload: () => upload(document.querySelector('input')!.files![0]!),
    facts: () => ({ longestTaskMs, heapMib }),
  };
  Object.assign(globalThis, { bench: page });
}

/** Only Chromium reports it; 0 elsewhere. */
function heapNow(): number {
  const { memory } = performance as { memory?: { usedJSHeapSize: number } };
  return (memory?.usedJSHeapSize ?? 0) / MIB;
}
