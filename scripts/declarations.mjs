// Finds declarations in source files.
import ts from 'typescript';

const DECLARATIONS = new Set([
  ts.SyntaxKind.ClassDeclaration,
  ts.SyntaxKind.EnumDeclaration,
  ts.SyntaxKind.FunctionDeclaration,
  ts.SyntaxKind.GetAccessor,
  ts.SyntaxKind.InterfaceDeclaration,
  ts.SyntaxKind.MethodDeclaration,
  ts.SyntaxKind.MethodSignature,
  ts.SyntaxKind.Parameter,
  ts.SyntaxKind.PropertyAssignment,
  ts.SyntaxKind.PropertyDeclaration,
  ts.SyntaxKind.PropertySignature,
  ts.SyntaxKind.TypeAliasDeclaration,
  ts.SyntaxKind.VariableDeclaration,
]);
const SOURCE = /\.(ts|mjs|js)$/;

/**
 * The text of the declaration of `name` or `Class.member` in a file; undefined if the file does not declare it. Files in
 * other languages have to contain the name.
 */
export function declarationIn(path, text, name) {
  const parts = name.split('.');
  if (!SOURCE.test(path)) return new RegExp(`\\b${parts.at(-1)}\\b`).test(text) ? text : undefined;
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  return parts.reduce((found, part) => found && find(found, part), file)?.getText(file);
}

/** The first declaration of that name below a node: the outermost one, if there are several. */
function find(node, name) {
  let level = childrenOf(node);
  while (level.length > 0) {
    const found = level.find((child) => DECLARATIONS.has(child.kind) && child.name?.text === name);
    if (found) return found;
    level = level.flatMap(childrenOf);
  }
  return undefined;
}

function childrenOf(node) {
  const children = [];
  ts.forEachChild(node, (child) => void children.push(child));
  return children;
}
