import nx from '@nx/eslint-plugin';
import angular from 'angular-eslint';
import prettier from 'eslint-config-prettier';
import { defineConfig, globalIgnores } from 'eslint/config';
import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Who may import whom: arrows point one way, and nothing imports an app. */
const moduleBoundaries = [
  ['scope:protocol', []],
  ['scope:client', ['scope:protocol']],
  ['scope:nest', ['scope:protocol', 'scope:client', 'scope:testing']],
  ['scope:angular', ['scope:protocol', 'scope:client']],
  ['scope:testing', ['scope:protocol']],
  ['scope:app', ['scope:protocol', 'scope:client', 'scope:nest', 'scope:angular', 'scope:testing']],
  ['scope:example', ['scope:protocol', 'scope:nest', 'scope:testing']],
].map(([sourceTag, onlyDependOnLibsWithTags]) => ({ sourceTag, onlyDependOnLibsWithTags }));

/** Frameworks and platforms that a folder must not know of. */
const forbid = (files, group, message, ignores = []) => ({
  files,
  ignores: ['**/*.spec.ts', '**/testing/**', ...ignores],
  rules: { 'no-restricted-imports': ['error', { patterns: [{ group, message }] }] },
});

const exportByName = { selector: 'ExportAllDeclaration', message: 'Export by name.' };

/** Packages run in the process of another application, which owns what all of its code shares. */
const processWide = [
  "CallExpression[callee.object.name='process'][callee.property.name=/^(on|once|addListener|exit|abort|chdir|umask|execve)$/]",
  "CallExpression[callee.property.name='setFlagsFromString']",
  'CallExpression[callee.name=/^(setFlagsFromString|setGlobalDispatcher)$/]',
  "AssignmentExpression[left.object.property.name='prototype']",
  "AssignmentExpression[left.object.name='globalThis']",
  "AssignmentExpression[left.property.name='globalAgent']",
].map((selector) => ({ selector, message: 'Only apps may change what the whole process shares.' }));

const SERVER = ['@nestjs/*', 'socket.io', 'express'];
const PAGE = ['@angular/*'];
const DEEP = ['@upload-streams/*/src/*', '@upload-streams/*/dist/*'];
const deepOnly = 'Import what the index exports.';

/** The folders of libs/nest, and which of the others each may import. The files beside the folders may import all. */
const NEST_FOLDERS = {
  contracts: [],
  defaults: ['contracts', 'errors'],
  errors: [],
  origins: [],
  concurrency: [],
  performance: [],
  storage: ['contracts', 'errors', 'concurrency'],
  session: ['contracts', 'errors', 'concurrency', 'storage'],
  catalogue: ['contracts', 'errors', 'storage'],
  gateway: ['contracts', 'errors', 'concurrency', 'session', 'performance', 'origins'],
  area: ['catalogue', 'contracts', 'session', 'origins'],
  http: ['area', 'catalogue', 'contracts', 'errors', 'session', 'origins'],
  tus: ['area', 'catalogue', 'contracts', 'errors', 'http', 'session'],
  terminus: ['area'],
  metrics: ['area', 'session'],
  'stores/hashing': ['contracts', 'performance'],
  'stores/disk': ['contracts', 'errors', 'concurrency', 'performance', 'stores/hashing'],
  'stores/sqlite': ['contracts', 'errors', 'concurrency'],
  'stores/s3': ['contracts', 'errors', 'concurrency', 'performance', 'stores/hashing'],
  'stores/redis': ['contracts', 'errors', 'concurrency'],
  client: [],
};

/** Packages that only one folder of libs/nest may import, whatever may import that folder. */
const NEST_PACKAGES = {
  'stores/s3': ['@aws-sdk/*'],
  'stores/redis': ['@redis/*'],
  client: ['@upload-streams/client', '@upload-streams/client/*'],
  terminus: ['@nestjs/terminus'],
  metrics: ['prom-client'],
};

/** HTTP goes through the adapter of Nest, so that it works with Express and with Fastify, and needs neither. */
const NEST_HTTP_PLATFORMS = [
  'express',
  'fastify',
  '@fastify/*',
  '@nestjs/platform-express',
  '@nestjs/platform-fastify',
];

const nestArrows = Object.entries(NEST_FOLDERS).map(([folder, mayImport]) => {
  const others = Object.keys(NEST_FOLDERS).filter((other) => other !== folder && !mayImport.includes(other));
  const packages = Object.entries(NEST_PACKAGES).flatMap(([owner, names]) => (owner === folder ? [] : names));
  const wiring = ['upload\\.module', 'upload\\.providers', 'index'];
  const stores = folder.startsWith('stores/') ? others.map((other) => other.replace('stores/', '')) : others;
  return {
    files: [`libs/nest/src/${folder}/**/*.ts`],
    ignores: ['**/*.spec.ts', '**/testing/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: `^(\\.\\./)+((${[...others, ...stores].join('|')})/|(${wiring.join('|')})\\.js$)`,
              message: `${folder} may import only ${['the options', ...mayImport].join(', ')}. docs/architecture.md has the arrows.`,
            },
            {
              group: [...packages, ...NEST_HTTP_PLATFORMS, '@upload-streams/testing', ...DEEP],
              message: 'This package belongs to another folder.',
            },
          ],
        },
      ],
    },
  };
});

/** The folders of libs/client, and which of the others each may import. */
const CLIENT_FOLDERS = {
  ports: [],
  state: ['ports'],
  options: ['state'],
  pipeline: ['state', 'ports'],
  resume: ['state', 'ports'],
  adapters: ['ports'],
};

/** The files that wire adapters into the client. */
const CLIENT_ENTRIES = ['index', 'browser', 'node', 'create-upload-client'];

/** The files that know Node or Socket.IO. */
const CLIENT_PLATFORM_FILES = [
  'libs/client/src/adapters/sources/{open-file,open-path,path-source}.ts',
  'libs/client/src/adapters/transport/{prompt-web-socket,socket-io-transport}.ts',
];

const FRAMEWORKS = [...SERVER, ...PAGE, ...DEEP];
const PLATFORM = ['node:*', 'socket.io-client', 'engine.io-client', '@node-rs/*'];

/** Every rule has all of its patterns, because it replaces an earlier one for the same file. */
const clientRule = (files, packages, arrows = []) => ({
  files,
  ignores: ['**/*.spec.ts', '**/testing/**'],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          { group: packages, message: 'The client knows no framework, and Node and Socket.IO only where they belong.' },
          ...arrows,
        ],
      },
    ],
  },
});

const clientArrow = (folder) => {
  const others = Object.keys(CLIENT_FOLDERS).filter(
    (name) => name !== folder && !CLIENT_FOLDERS[folder].includes(name),
  );
  return {
    regex: `^(\\.\\./)+((${others.join('|')})/|(upload-client|${CLIENT_ENTRIES.join('|')})\\.js$)`,
    message: `${folder} may import only ${['its own files', ...CLIENT_FOLDERS[folder]].join(', ')}.`,
  };
};

const clientArrows = [
  clientRule(
    ['libs/client/src/*.ts'],
    [...FRAMEWORKS, ...PLATFORM],
    [{ regex: '^\\./adapters/', message: 'Only the entry files wire adapters into the client.' }],
  ),
  clientRule([`libs/client/src/{${CLIENT_ENTRIES.join(',')}}.ts`], [...FRAMEWORKS, ...PLATFORM]),
  clientRule(['libs/client/src/node.ts'], FRAMEWORKS),
  ...Object.keys(CLIENT_FOLDERS).map((folder) =>
    clientRule(
      [`libs/client/src/${folder}/**/*.ts`],
      // State is pure: no streams, no I/O.
      [...FRAMEWORKS, ...PLATFORM, ...(folder === 'state' ? ['rxjs', 'rxjs/*'] : [])],
      [clientArrow(folder)],
    ),
  ),
  clientRule(CLIENT_PLATFORM_FILES, FRAMEWORKS, [clientArrow('adapters')]),
];

export default defineConfig(
  globalIgnores(['**/dist', '**/.angular', '**/coverage', '**/tmp', '**/test-results', '**/playwright-report']),
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strict],
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        { depConstraints: moduleBoundaries, banTransitiveDependencies: false, allow: ['^.*/jest\\.preset\\.ts$'] },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // With noUncheckedIndexedAccess, a `!` after an index that the line above has checked is the honest way to say so.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/no-invalid-void-type': 'off',
      'no-restricted-syntax': ['error', exportByName],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
    },
  },
  // Dependency injection reads the types of constructor parameters at run time, so they must be imported as values.
  {
    files: ['libs/nest/**/*.ts', 'apps/api/**/*.ts', 'examples/**/*.ts'],
    rules: { '@typescript-eslint/consistent-type-imports': 'off' },
  },
  {
    files: ['**/*.mjs', '**/*.js'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        fetch: 'readonly',
        URL: 'readonly',
        Buffer: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        performance: 'readonly',
      },
    },
  },
  {
    files: ['libs/{protocol,client,nest,angular}/src/**/*.ts'],
    ignores: ['**/*.spec.ts', '**/testing/**'],
    rules: { 'no-restricted-syntax': ['error', exportByName, ...processWide] },
  },
  forbid(
    ['libs/protocol/src/**/*.ts'],
    [...SERVER, ...PAGE, 'socket.io-client', 'rxjs', 'node:*', ...DEEP],
    'The protocol is the wire contract: no I/O, no framework.',
  ),
  ...clientArrows,
  ...nestArrows,
  forbid(
    ['libs/nest/src/option-schema.ts', 'libs/nest/src/options.ts', 'libs/nest/src/upload-options.ts'],
    ['@nestjs/*', '@aws-sdk/*', '@redis/*', 'node:*'],
    'Options are read before anything that they configure is loaded.',
  ),
  forbid(
    ['libs/angular/src/**/*.ts', 'apps/web/src/**/*.ts'],
    [...SERVER, 'node:*', 'socket.io-client', ...DEEP],
    'The page speaks to the engine only.',
  ),
  forbid(['apps/*/src/**/*.ts', 'examples/*/src/**/*.ts'], DEEP, deepOnly, ['apps/web/src/**']),
  {
    files: ['libs/angular/**/*.ts', 'apps/web/**/*.ts'],
    extends: [angular.configs.tsRecommended],
    processor: angular.processInlineTemplates,
    rules: {
      '@angular-eslint/component-selector': ['error', { type: 'element', prefix: 'us', style: 'kebab-case' }],
      '@angular-eslint/prefer-on-push-component-change-detection': 'error',
    },
  },
  {
    files: ['libs/angular/**/*.html', 'apps/web/**/*.html'],
    extends: [angular.configs.templateRecommended, angular.configs.templateAccessibility],
  },
  prettier,
);
