// What `npm test` says at its end, read from what the test runners printed.

/** How a suite that can't run here says so: one line, what is skipped and how to run it. */
const SKIPPED_LINE = /^Skipped: (.+)$/gm;

// eslint-disable-next-line no-control-regex -- colours
const COLOURS = /\u001b\[[0-9;]*m/g;

/** Counts what Jest ("Tests: 2 failed, 40 passed, 42 total") and Playwright ("12 passed (8.1s)") say at their end. */
function count(output, word) {
  const jest = output.matchAll(new RegExp(`^Tests:.*?(\\d+) ${word}`, 'gm'));
  const playwright = output.matchAll(new RegExp(`^ +(\\d+) ${word}(?: \\(.*\\))?$`, 'gm'));
  return [...jest, ...playwright].reduce((sum, [, number]) => sum + Number(number), 0);
}

/** The numbers of tests, and each reason for which suites were skipped, once. */
export function readResults(output) {
  const plain = output.replace(COLOURS, '').replaceAll('\r', '');
  return {
    passed: count(plain, 'passed'),
    failed: count(plain, 'failed'),
    skipped: count(plain, 'skipped'),
    reasons: [...new Set([...plain.matchAll(SKIPPED_LINE)].map(([, reason]) => reason))],
  };
}

/** The last lines. CI reads the very last one. */
export function reportLines({ passed, failed, skipped, reasons }) {
  const lines = reasons.map((reason) => `Skipped: ${reason}`);
  if (skipped > 0 && reasons.length === 0) lines.push('Skipped: tests that do not say why; look for "skipped" above');
  return [...lines, `${passed} passed, ${failed} failed, ${skipped} skipped`];
}
