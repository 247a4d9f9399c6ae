// Makes a release in the working tree: one version for all packages, a section of CHANGELOG.md, a commit and a tag.
//   npm run release -- [major|minor|patch|1.2.3] [--publish]
// Without a version, Nx Release derives it from the commits since the last tag. Below 1.0.0, what breaks raises the second
// number (`major`), and all else the third. `--publish` also publishes the packages.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { releasePublish, releaseVersion } from 'nx/release/index.js';
import { build, ensureInstalled, fail, root } from './workspace.mjs';

const UNRELEASED = '## [Unreleased]\n';

const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();

ensureInstalled();
if (git('status', '--porcelain') !== '') fail('Commit what has changed first.');
const specifier = process.argv.slice(2).find((arg) => !arg.startsWith('--'));
const { workspaceVersion } = await releaseVersion({ specifier, firstRelease: git('tag', '--list', 'v*') === '' });
if (!workspaceVersion) fail('No commit since the last release asks for a new version.');
edit('package.json', (text) => text.replace(/("version": )"[^"]+"/, `$1"${workspaceVersion}"`));
edit('package-lock.json', (text) => text.replaceAll(/("version": )"[^"]+"/g, keepOthers()));
edit('CHANGELOG.md', released);
git('commit', '--all', '--message', `chore: release ${workspaceVersion}`);
git('tag', `v${workspaceVersion}`);
console.log(`Version ${workspaceVersion} is committed and tagged.`);
if (process.argv.includes('--publish')) {
  await build('protocol', 'client', 'nest', 'angular');
  const results = await releasePublish({});
  if (Object.values(results).some(({ code }) => code !== 0)) fail('Not all packages were published.');
}

/** The version of the workspace itself comes first, twice. */
function keepOthers() {
  let seen = 0;
  return (match, key) => (++seen <= 2 ? `${key}"${workspaceVersion}"` : match);
}

/** What was unreleased becomes the section of this version. */
function released(text) {
  const [before, changes] = text.split(UNRELEASED);
  if (changes === undefined) fail('CHANGELOG.md has no section "Unreleased".');
  const date = new Date().toISOString().slice(0, 10);
  return `${before}${UNRELEASED}\n## [${workspaceVersion}] - ${date}\n${changes}`;
}

function edit(file, change) {
  const path = join(root, file);
  writeFileSync(path, change(readFileSync(path, 'utf8')));
}
