// The summary at the end of `npm test`, read from the output of the test runners.

/** The line that a skipped suite prints: what is skipped and how to run it. */
const SKIPPED_LINE = /^Skipped: (.+)$/gm;

// eslint-disable-next-line no-control-regex -- colours
const COLOURS = /\u001b\[[0-9;]*m/g;

/** Adds up the summaries of Jest ("Tests: 2 failed, 40 passed, 42 total") and Playwright ("12 passed (8.1s)"). */
function count(output, word) {
  const jest = output.matchAll(new RegExp(`^Tests:.*?(\\d+) ${word}`, 'gm'));
  const playwright = output.matchAll(new RegExp(`^ +(\\d+) ${word}(?: \\(.*\\))?$`, 'gm'));
  return [...jest, ...playwright].reduce((sum, [, number]) => sum + Number(number), 0);
}

/** The numbers of tests, and each reason for skipped suites, once. */
export function readResults(output) {
  const plain = output.replace(COLOURS, '').replaceAll('\r', '');
  return {
    passed: count(plain, 'passed'),
    failed: count(plain, 'failed'),
    skipped: count(plain, 'skipped'),
    reasons: [...new Set([...plain.matchAll(SKIPPED_LINE)].map(([, reason]) => reason))],
  };
}

/** The summary. CI reads the last line. */
export function reportLines({ passed, failed, skipped, reasons }) {
  const lines = reasons.map((reason) => `Skipped: ${reason}`);
  if (skipped > 0 && reasons.length === 0) lines.push('Skipped: tests that do not say why; look for "skipped" above');
  return [...lines, `${passed} passed, ${failed} failed, ${skipped} skipped`];
}
