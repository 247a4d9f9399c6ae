// Checks that the documents are up to date with the repository: links and their anchors lead somewhere, paths of files
// and folders exist, and a file that is said to contain a function or method contains its name.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import ts from 'typescript';
import { fail, root } from './workspace.mjs';

const LINK = /\[[^\]]*\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)/g;
/** A path in backticks, below one of the folders of the repository. What is built or has placeholders is not looked up. */
const PATH = /`((?:apps|bench|deploy|docs|examples|libs|scripts)\/[\w./-]+)`/g;
const BUILT = /\/dist(\/|$)/;
/** "`UploadSession.receive` in `libs/...ts`" */
const NAME_IN_FILE = /`([\w.]+)` in\s+`([\w./-]+\.\w+)`/g;
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
  const deadNames = [...text.matchAll(NAME_IN_FILE)].filter(([, name, path]) => !contains(path, name));
  return [
    ...deadLinks.map(([link]) => `${document}: the link ${link} leads nowhere`),
    ...deadPaths.map(([, path]) => `${document}: ${path} does not exist`),
    ...deadNames.map(([, name, path]) => `${document}: ${path} does not contain ${name}`),
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

function contains(path, name) {
  if (!existsSync(join(root, path))) return false;
  return new RegExp(`\\b${name.split('.').at(-1)}\\b`).test(read(path));
}

function read(path) {
  return readFileSync(join(root, path), 'utf8');
}
