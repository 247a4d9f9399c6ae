import type { Provider } from '@nestjs/common';
import type { Environment } from './app.config.js';

/** What stands in for the local disk and SQLite, as the environment says. What is not asked for is not loaded. */
export async function storeProviders(environment: Environment): Promise<Provider[]> {
  return [...(await storageProviders(environment)), ...(await sessionStoreProviders(environment))];
}

async function storageProviders(environment: Environment): Promise<Provider[]> {
  if (environment.STORAGE === 'disk') return [];
  const { s3Providers } = await import('@upload-streams/nest/s3');
  return s3Providers({
    bucket: environment.S3_BUCKET!,
    createBucket: environment.S3_CREATE_BUCKET,
    prefix: environment.S3_PREFIX,
    region: environment.S3_REGION,
    endpoint: environment.S3_ENDPOINT,
    pathStyle: environment.S3_PATH_STYLE,
    checksums: environment.S3_CHECKSUMS,
    memoryBytes: environment.S3_MEMORY,
    presignDownloads: environment.DOWNLOADS === 'presigned',
  });
}

async function sessionStoreProviders(environment: Environment): Promise<Provider[]> {
  if (environment.SESSION_STORE === 'sqlite') return [];
  const { redisProviders } = await import('@upload-streams/nest/redis');
  return redisProviders({ url: environment.REDIS_URL! });
}
