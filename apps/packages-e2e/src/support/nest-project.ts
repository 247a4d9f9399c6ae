/** What a Nest 12 application with a gateway installs itself. */
export const NEST_12 = {
  '@nestjs/common': '^12.0.0',
  '@nestjs/core': '^12.0.0',
  '@nestjs/platform-socket.io': '^12.0.0',
  '@nestjs/websockets': '^12.0.0',
  'reflect-metadata': '^0.2.2',
  rxjs: '^7.8.0',
  'socket.io': '^4.8.0',
};

/** Of a strict application. Types of libraries are checked too. */
export const NEST_TSCONFIG = JSON.stringify({
  compilerOptions: {
    target: 'ES2023',
    module: 'nodenext',
    strict: true,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    types: ['node'],
    outDir: 'dist',
    rootDir: '.',
  },
  exclude: ['dist', 'node_modules'],
});
