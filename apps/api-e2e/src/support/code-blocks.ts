import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A code block of a document, as a file. */
export interface CodeBlock {
  readonly document: string;
  /** From the comment in its first line. */
  readonly fileName: string;
  readonly language: string;
  readonly code: string;
  readonly isRun: boolean;
}

const FENCED = /^```(\w+)( run)?\n(.*?)^```$/gms;
const FILE_NAME = /^\/\/ ([\w.-]+)\n/;
const PROGRAMS = new Set(['ts', 'js']);

/** The programs in the Markdown files of a folder. Throws for one that does not begin with a comment that names its file. */
export function codeBlocksIn(folder: string): readonly CodeBlock[] {
  return readdirSync(folder)
    .filter((document) => document.endsWith('.md'))
    .flatMap((document) =>
      [...readFileSync(join(folder, document), 'utf8').matchAll(FENCED)]
        .filter(([, language = '']) => PROGRAMS.has(language))
        .map(([, language = '', run, code = '']) => ({
          document,
          fileName: fileNameOf(document, code),
          language,
          code,
          isRun: run !== undefined,
        })),
    );
}

function fileNameOf(document: string, code: string): string {
  const [, fileName] = FILE_NAME.exec(code) ?? [];
  if (fileName === undefined) throw new Error(`${document}: a code block does not begin with the name of its file`);
  return fileName;
}
