import { afterAll, beforeAll, expect } from '@jest/globals';
import { RedisServer, SwiftServer } from '@upload-streams/testing';
import { FreshProject } from './support/fresh-project.js';
import { NEST_12, NEST_TSCONFIG } from './support/nest-project.js';
import { describeProject, itOn, nodes, packed } from './support/packed.js';
import { uploadToHost } from './support/started-host.js';

const MAIN = `
  import 'reflect-metadata';
  import { Module } from '@nestjs/common';
  import { NestFactory } from '@nestjs/core';
  import { UploadModule } from '@upload-streams/nest';
  import { redisProviders } from '@upload-streams/nest/redis';
  import { s3Providers } from '@upload-streams/nest/s3';

  const endpoint = process.env['ENDPOINT']!;
  const s3 = { bucket: 'files', createBucket: true, region: 'us-east-1', endpoint, pathStyle: true } as const;
  const providers = [
    ...s3Providers({ ...s3, checksums: 'when_required', orphanAgeMs: -60_000 }),
    ...redisProviders({ url: process.env['REDIS_URL']! }),
  ];

  @Module({ imports: [UploadModule.forRoot({}, { providers })] })
  class AppModule {}

  const app = await NestFactory.create(AppModule);
  await app.listen(process.env['PORT'] ?? 3000);
`;

const installed = RedisServer.isInstalled && SwiftServer.isInstalled;
const reason =
  'a packed gateway on Redis and S3 (apt-get install redis-server swift-proxy swift-account swift-container swift-object)';

describeProject(
  'Nest 12 with Redis and S3: gateway',
  () => {
    let project: FreshProject;
    let redis: RedisServer;
    let store: SwiftServer;

    beforeAll(async () => {
      [redis, store] = await Promise.all([RedisServer.start(), SwiftServer.start()]);
      const stores = { '@aws-sdk/client-s3': '^3.1000.0', '@aws-sdk/s3-request-presigner': '^3.1000.0' };
      const dependencies = {
        ...NEST_12,
        ...stores,
        '@redis/client': '^6.0.0',
        ...packed('nest', 'client', 'protocol'),
      };
      const devDependencies = { typescript: '~6.0.3', '@types/node': '^24.0.0' };
      project = await FreshProject.create(
        'nest-redis-s3',
        { type: 'module', dependencies, devDependencies },
        { 'tsconfig.json': NEST_TSCONFIG, 'main.ts': MAIN },
      );
      await project.tool('tsc', ['-p', '.']);
    });
    afterAll(async () => {
      await Promise.all([redis?.close(), store?.close()]);
    });

    itOn(nodes, 'stores an upload', async (node) => {
      const { accessKeyId, secretAccessKey } = store;
      const { sent, reported, stored } = await uploadToHost(project, node, 'dist/main.js', {
        REDIS_URL: redis.url,
        ENDPOINT: store.url,
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
      });
      expect(reported).toBe(sent);
      expect(stored).toBeUndefined();
    });
  },
  installed ? undefined : reason,
);
