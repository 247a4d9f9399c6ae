// npm test: formatting, lint, types, unit and integration tests, the built API as a process, the page in a browser.
import { findChromium } from './chromium.mjs';
import { ensureInstalled, run, say } from './workspace.mjs';

ensureInstalled();
const CHROMIUM_PATH = await findChromium();
say(`Browser for the page: ${CHROMIUM_PATH}`);

const steps = [
  ['Formatting', 'prettier', ['--check', '--log-level=warn', '.']],
  [
    'Lint, types, documents, unit and integration tests',
    'nx',
    ['run-many', '-t', 'lint', 'typecheck', 'docs-check', 'build', 'test'],
  ],
  ['The built API as a process, and the page in Chromium', 'nx', ['run-many', '-t', 'e2e', '--parallel=1']],
];

const started = Date.now();
const failed = [];
let output = '';
for (const [what, command, args] of steps) {
  say(what);
  const style = command === 'nx' ? ['--output-style=static'] : [];
  const result = await run(command, [...args, ...style], { env: { CHROMIUM_PATH }, capture: true });
  output += result.output;
  if (result.code !== 0) failed.push(what);
}

/** Counts what Jest ("Tests: 2 failed, 40 passed, 42 total") and Playwright ("12 passed (8.1s)") say at their end. */
function count(word) {
  // eslint-disable-next-line no-control-regex -- colours
  const plain = output.replace(/\u001b\[[0-9;]*m/g, '');
  const jest = plain.matchAll(new RegExp(`^Tests:.*?(\\d+) ${word}`, 'gm'));
  const playwright = plain.matchAll(new RegExp(`^ +(\\d+) ${word}(?: \\(.*\\))?$`, 'gm'));
  return [...jest, ...playwright].reduce((sum, [, number]) => sum + Number(number), 0);
}

say(`Done in ${Math.round((Date.now() - started) / 1000)} s`);
for (const what of failed) console.error(`Failed: ${what}`);
const failures = count('failed');
console.log(`${count('passed')} passed, ${failures} failed, ${count('skipped')} skipped`);
process.exitCode = failed.length > 0 || failures > 0 ? 1 : 0;
