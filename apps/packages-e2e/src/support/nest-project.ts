import { readmeExample } from './packed.js';

/** What a Nest 12 application with a gateway installs itself; and both of its HTTP platforms. */
export const NEST_12 = {
  '@nestjs/common': '^12.0.0',
  '@nestjs/core': '^12.0.0',
  '@nestjs/platform-express': '^12.0.0',
  '@nestjs/platform-fastify': '^12.0.0',
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

/** A service that uploads the file of its first argument: the example of the README, and what calls it. */
export const nestClientFiles = (reports: string): Readonly<Record<string, string>> => ({
  'reports.ts': readmeExample('nest', 'reports.ts').replace("'http://localhost:3000'", "process.env['GATEWAY_URL']!"),
  'main.ts': `
    import 'reflect-metadata';
    import { NestFactory } from '@nestjs/core';
    import { Reports, ReportsModule } from '${reports}';

    async function main() {
      const app = await NestFactory.createApplicationContext(ReportsModule, { logger: ['error'] });
      const { sha256 } = await app.get(Reports).archive(process.argv[2]!);
      console.log(sha256);
      await app.close();
    }
    void main();
  `,
});
