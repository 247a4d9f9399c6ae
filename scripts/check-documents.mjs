// Checks that the documents are up to date with the repository: links and their anchors lead somewhere, paths of files
// and folders exist, a file that is said to contain a function or method declares it, and in a list that is marked as a
// reading path, everything that is named is used by something that is named before.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import ts from 'typescript';
import { declarationIn } from './declarations.mjs';
import { fail, root } from './workspace.mjs';

const LINK = /\[[^\]]*\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)/g;
/** A path in backticks, below one of the folders of the repository. What is built or has placeholders is not looked up. */
const PATH = /`((?:apps|bench|deploy|docs|examples|libs|scripts)\/[\w./-]+)`/g;
const BUILT = /\/dist(\/|$)/;
/** "`UploadSession.receive` in `libs/...ts`" */
const NAME_IN_FILE = /`([\w.$]+)` in\s+`([\w./-]+\.\w+)`/g;
/** A list of steps, each of which is called by an earlier one. */
const READING_PATH = /<!-- reading path -->\n+((?:(?:\d+\.| {2,}).*\n|\n(?=\d+\.))+)/g;
const FENCED = /^```.*?^```$/gms;

const NOT_OURS = ['**/node_modules', '**/dist', '**/.angular', '**/.nx', '**/coverage', '**/tmp', '**/test-results'];

const documents = ts.sys
  .readDirectory(root, ['.md'], NOT_OURS)
  .map((file) => relative(root, file).split(sep).join('/'));
const problems = documents.flatMap(problemsOf);
if (problems.length > 0)
  fail(`The documents are out of date:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
console.log(`${documents.length} documents, all links, paths and names are valid`);

function problemsOf(document) {
  const text = read(document).replace(FENCED, '');
  const deadLinks = [...text.matchAll(LINK)].filter(([, path, anchor]) => !leadsSomewhere(document, path, anchor));
  const deadPaths = [...text.matchAll(PATH)].filter(([, path]) => !BUILT.test(path) && !existsSync(join(root, path)));
  const deadNames = [...text.matchAll(NAME_IN_FILE)].filter(([, name, path]) => declared(path, name) === undefined);
  const unreached = [...text.matchAll(READING_PATH)].flatMap(([, list]) => unreachedIn(list));
  return [
    ...deadLinks.map(([link]) => `${document}: the link ${link} leads nowhere`),
    ...deadPaths.map(([, path]) => `${document}: ${path} does not exist`),
    ...deadNames.map(([, name, path]) => `${document}: ${path} does not declare ${name}`),
    ...unreached.map((name) => `${document}: nothing that is named before ${name} in its reading path uses it`),
  ];
}

function leadsSomewhere(document, path, anchor) {
  const target = path === '' ? document : join(dirname(document), path);
  if (!existsSync(join(root, target))) return false;
  return anchor === undefined || anchorsOf(read(target)).includes(anchor);
}

/** The anchors that GitHub makes of headings. */
function anchorsOf(text) {
  const headings = text.replace(FENCED, '').matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** The text of a declaration; undefined if it is not there. */
function declared(path, name) {
  return existsSync(join(root, path)) ? declarationIn(join(root, path), read(path), name) : undefined;
}

/** Names in a reading path that no declaration before them mentions. The first one is the start. */
function unreachedIn(list) {
  const steps = [...list.matchAll(NAME_IN_FILE)].map(([, name, path]) => ({ name, text: declared(path, name) ?? '' }));
  return steps
    .filter(({ name }, n) => n > 0 && !steps.slice(0, n).some(({ text }) => mentions(text, name.split('.').at(-1))))
    .map(({ name }) => name);
}

function mentions(text, word) {
  return new RegExp(`(?<![\\w$])${word.replaceAll('$', '\\$')}(?![\\w$])`).test(text);
}

function read(path) {
  return readFileSync(join(root, path), 'utf8');
}
