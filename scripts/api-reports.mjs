// Writes the public interface of each entry of each package to docs/api, so that a change to it shows in review:
//   node scripts/api-reports.mjs [--check]
// Reads the built packages. With --check, it changes nothing and fails if a report is not up to date.
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fail, root } from './workspace.mjs';

const isCheck = process.argv.includes('--check');
const folder = join(root, 'docs', 'api');

/** The folder of what is published, for each package. */
const PACKAGES = ['libs/protocol', 'libs/client', 'libs/nest', 'libs/angular/dist'];

const COMPILER = {
  target: 'es2023',
  lib: ['es2024', 'dom', 'dom.iterable'],
  module: 'esnext',
  moduleResolution: 'bundler',
  skipLibCheck: true,
  types: ['node'],
};

const none = { logLevel: ExtractorLogLevel.None };

/** The report tells what is there. Whether comments and release tags follow TSDoc is not its matter. */
const MESSAGES = {
  compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
  extractorMessageReporting: { default: none },
  tsdocMessageReporting: { default: none },
};

mkdirSync(folder, { recursive: true });
const changed = PACKAGES.flatMap(entriesOf).filter((entry) => !isUpToDate(entry));
if (changed.length > 0 && isCheck) {
  fail(
    `The public interface has changed: ${changed.map(({ name }) => name).join(', ')}. Run npm run docs, and commit.`,
  );
}
console.log(`docs/api: ${changed.length} reports ${isCheck ? 'are out of date' : 'were written'}`);

function entriesOf(path) {
  const packageFolder = join(root, path);
  const { name, exports } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8'));
  return Object.entries(exports)
    .filter(([, conditions]) => conditions.types)
    .map(([entry, { types }]) => ({
      packageFolder,
      types: join(packageFolder, types),
      name: `${name.split('/')[1]}${entry.slice(1).replaceAll('/', '-')}`,
    }));
}

function isUpToDate({ packageFolder, types, name }) {
  const temporary = mkdtempSync(join(tmpdir(), 'api-reports-'));
  try {
    const configObject = {
      projectFolder: packageFolder,
      mainEntryPointFilePath: types,
      compiler: { overrideTsconfig: { compilerOptions: COMPILER, files: [types] } },
      apiReport: {
        enabled: true,
        reportFileName: name,
        reportFolder: folder,
        reportTempFolder: temporary,
        includeForgottenExports: true,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: MESSAGES,
    };
    const packageJsonFullPath = join(packageFolder, 'package.json');
    const config = ExtractorConfig.prepare({ configObject, configObjectFullPath: undefined, packageJsonFullPath });
    Extractor.invoke(config, { localBuild: false, messageCallback: onlyErrors });
    const current = readFileSync(join(temporary, `${name}.api.md`), 'utf8');
    const path = join(folder, `${name}.api.md`);
    if (existsSync(path) && withoutOrder(readFileSync(path, 'utf8')) === withoutOrder(current)) return true;
    if (!isCheck) writeFileSync(path, current);
    return false;
  } finally {
    rmSync(temporary, { recursive: true });
  }
}

/** TypeScript writes the members of a union in an order that differs from run to run. */
function withoutOrder(report) {
  return report
    .split(/[\s|;,()<>]+/)
    .sort()
    .join(' ');
}

function onlyErrors(message) {
  message.handled = message.logLevel !== ExtractorLogLevel.Error;
}
