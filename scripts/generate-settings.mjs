// npm run docs: writes the table of environment variables into README.md, from the schemas of the options. Needs the
// build of apps/api. With --check it writes nothing, and fails if the table differs.
import { readFileSync, writeFileSync } from 'node:fs';
import { describeVariables } from '../apps/api/dist/config/describe-variables.js';
import { markdownTable } from './markdown-table.mjs';

const README = new URL('../README.md', import.meta.url);
const BEGIN = '<!-- Settings: written by scripts/generate-settings.mjs. Change the schemas, then run: npm run docs -->';
const END = '<!-- End of settings -->';

const code = (text) => `\`${text}\``;

function meaningOf({ meaning, requiredWith, lowest, highest, words: [no, yes] }) {
  const sentences = [meaning];
  if (requiredWith !== undefined) sentences.push(`Required with ${code(requiredWith)}.`);
  if (highest !== undefined)
    sentences.push(`At ${lowest === undefined ? 'most' : `least ${code(lowest)}, at most`} ${code(highest)}.`);
  else if (lowest !== undefined) sentences.push(`At least ${code(lowest)}.`);
  if (yes !== undefined && yes !== 'true') sentences.push(`${code(no)}: no, ${code(yes)}: yes.`);
  return sentences.join(' ').replaceAll('|', '\\|');
}

const table = markdownTable([
  ['Name', 'Default', 'Meaning'],
  ...describeVariables().map((variable) => [
    code(variable.name),
    variable.fallback ? code(variable.fallback) : 'none',
    meaningOf(variable),
  ]),
]);

const text = readFileSync(README, 'utf8');
const [before, rest] = text.split(BEGIN);
const after = rest?.split(END)[1];
if (after === undefined) throw new Error(`README.md lacks ${BEGIN} or ${END}`);
const expected = `${before}${BEGIN}\n\n${table}\n\n${END}${after}`;

if (!process.argv.includes('--check')) writeFileSync(README, expected);
else if (text !== expected) {
  console.error('The settings in README.md are not what the schemas say: run "npm run docs" and commit it.');
  process.exitCode = 1;
}
