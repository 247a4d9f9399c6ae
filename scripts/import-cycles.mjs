// Finds import cycles between files. Type imports count too, because a reader follows both. ESLint checks imports between
// projects and folders; this script checks single files.
import { relative } from 'node:path';
import ts from 'typescript';
import { fail, root } from './workspace.mjs';

const EXTENSIONS = ['.ts', '.mts', '.mjs'];
const NOT_OURS = ['**/node_modules', '**/dist', '**/.angular', '**/.nx', '**/coverage', '**/tmp'];
const OPTIONS = { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler, allowJs: true };

const files = ts.sys.readDirectory(root, EXTENSIONS, NOT_OURS);
const cycles = findCycles(new Map(files.map((file) => [file, importsOf(file)])));
if (cycles.length > 0)
  fail(`There are import cycles. Move what both sides need to a file of its own.\n${inWords(cycles)}`);
console.log(`${files.length} files, no import cycle`);

/** The files that a file imports by a relative path. */
function importsOf(file) {
  const { importedFiles } = ts.preProcessFile(ts.sys.readFile(file), true, true);
  return importedFiles
    .filter(({ fileName }) => fileName.startsWith('.'))
    .map(({ fileName }) => ts.resolveModuleName(fileName, file, OPTIONS, ts.sys).resolvedModule?.resolvedFileName)
    .filter((imported) => imported !== undefined);
}

/** Groups of files that import each other, directly or indirectly (R. Tarjan's strongly connected components, 1972). */
function findCycles(imports) {
  const found = [];
  const stack = [];
  const order = new Map();
  const lowest = new Map();
  const visit = (file) => {
    order.set(file, order.size);
    lowest.set(file, order.get(file));
    stack.push(file);
    for (const imported of imports.get(file) ?? []) {
      if (!order.has(imported)) visit(imported);
      if (stack.includes(imported)) lowest.set(file, Math.min(lowest.get(file), lowest.get(imported)));
    }
    if (lowest.get(file) !== order.get(file)) return;
    const group = stack.splice(stack.indexOf(file));
    if (group.length > 1 || imports.get(file)?.includes(file)) found.push(group);
  };
  for (const file of imports.keys()) if (!order.has(file)) visit(file);
  return found;
}

function inWords(groups) {
  return groups
    .map((group) => {
      const names = group.map((file) => relative(root, file)).sort();
      return `\n${names.length} files:\n${names.map((name) => `  ${name}`).join('\n')}`;
    })
    .join('\n');
}
