import type { PageFacts } from '../../client/job.ts';

/** What a page offers to the process that drives it. */
export interface BenchPage {
  /** Uploads the file that was chosen; gives what the server calls it. */
  upload(): Promise<string>;
  /** How the page was while it uploaded. */
  facts(): PageFacts;
}

const SAMPLE_EVERY_MS = 100;
const MIB = 1024 * 1024;

/** Makes an upload of a file what the page offers, and watches the page. */
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

/** Chromium's own; other browsers have none. */
function heapNow(): number {
  const { memory } = performance as { memory?: { usedJSHeapSize: number } };
  return (memory?.usedJSHeapSize ?? 0) / MIB;
}
