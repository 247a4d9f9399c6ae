// npm test: formatting, import cycles, documents, lint, types, unit and integration tests, the built API as a process, the page in a browser.
import { findChromium } from './chromium.mjs';
import { readResults, reportLines } from './test-report.mjs';
import { ensureInstalled, run, say } from './workspace.mjs';

ensureInstalled();
const CHROMIUM_PATH = await findChromium();
say(`Browser for the page: ${CHROMIUM_PATH}`);

/** CI uses no cached results. */
const nxOptions = ['--output-style=static', ...(process.env.CI ? ['--skip-nx-cache'] : [])];

const steps = [
  ['Formatting', 'prettier', ['--check', '--log-level=warn', '.']],
  ['Import cycles', 'node', ['scripts/import-cycles.mjs']],
  ['Links and names in documents', 'node', ['scripts/check-documents.mjs']],
  [
    'Lint, types, documents, unit and integration tests',
    'nx',
    ['run-many', '-t', 'lint', 'typecheck', 'docs-check', 'build', 'test'],
  ],
  // The previous step has built what these tests run.
  [
    'The built API as a process, and the page in Chromium',
    'nx',
    ['run-many', '-t', 'e2e', '--parallel=1', '--exclude-task-dependencies'],
  ],
];

const started = Date.now();
const failed = [];
let output = '';
for (const [what, command, args] of steps) {
  say(what);
  const options = command === 'nx' ? nxOptions : [];
  const result = await run(command, [...args, ...options], { env: { CHROMIUM_PATH }, capture: true });
  output += result.output;
  if (result.code !== 0) failed.push(what);
}

say(`Done in ${Math.round((Date.now() - started) / 1000)} s`);
for (const what of failed) console.error(`Failed: ${what}`);
const results = readResults(output);
for (const line of reportLines(results)) console.log(line);
process.exitCode = failed.length > 0 || results.failed > 0 ? 1 : 0;
