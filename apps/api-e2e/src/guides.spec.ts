import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { GatewayProcess } from '@upload-streams/testing';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';
import { codeBlocksIn, type CodeBlock } from './support/code-blocks.js';
import { startGateway } from './support/gateway.js';

const BLOCKS = codeBlocksIn(fileURLToPath(new URL('../../../docs/guides', import.meta.url)));
const PROJECT = fileURLToPath(new URL('..', import.meta.url));

/** As strict as an application may be. */
const COMPILER_OPTIONS: ts.CompilerOptions = {
  strict: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  noImplicitOverride: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ES2022,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
  types: ['node'],
  // Its sources need Angular's compiler, so its built form is what applications see.
  paths: { '@upload-streams/angular': [fileURLToPath(new URL('../../../libs/angular/dist', import.meta.url))] },
  skipLibCheck: true,
  noEmit: true,
};

const run = promisify(execFile);

describe('the guides', () => {
  let folder: string;
  let gateway: GatewayProcess;

  beforeAll(async () => {
    // Inside of the workspace, so that its packages are found.
    mkdirSync(join(PROJECT, 'tmp'), { recursive: true });
    folder = mkdtempSync(join(PROJECT, 'tmp', 'guides-'));
    for (const { document, fileName, code } of BLOCKS) {
      const guide = join(folder, basename(document, '.md'));
      mkdirSync(guide, { recursive: true });
      writeFileSync(join(guide, fileName), code);
    }
    gateway = await startGateway();
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await gateway.close();
  });

  const pathOf = ({ document, fileName }: CodeBlock) => join(folder, basename(document, '.md'), fileName);

  it('have code blocks that compile', () => {
    const files = BLOCKS.filter(({ language }) => language === 'ts').map(pathOf);
    expect(files.length).toBeGreaterThan(20);
    const program = ts.createProgram(files, COMPILER_OPTIONS);
    const problems = ts.getPreEmitDiagnostics(program).map((problem) => {
      const where = problem.file
        ? basename(join(problem.file.fileName, '..')) + '/' + basename(problem.file.fileName)
        : '';
      return `${where}: ${ts.flattenDiagnosticMessageText(problem.messageText, '\n')}`;
    });
    expect(problems).toEqual([]);
  });

  it.each(BLOCKS.filter(({ isRun }) => isRun).map((block) => [`${block.document}: ${block.fileName}`, block] as const))(
    'have programs that run, %s',
    async (_name, block) => {
      const env = { ...process.env, NODE_OPTIONS: '', FORCE_COLOR: '0', GATEWAY_URL: gateway.url };
      const { stdout } = await run(process.execPath, [pathOf(block)], { env });
      expect(stdout).toMatch(/stored upload\.mjs|completed 14/);
    },
  );

  it('leave no program neither compiled nor run', () => {
    expect(BLOCKS.filter(({ language, isRun }) => language === 'js' && !isRun)).toEqual([]);
  });
});
