import type { Provider } from '@nestjs/common';
import type { Settings } from './app.config.js';

/** What stands in for the local disk and SQLite. A store that is not chosen is not loaded. */
export async function storeProviders({ s3, redis }: Pick<Settings, 's3' | 'redis'>): Promise<Provider[]> {
  const providers: Provider[] = [];
  if (s3) {
    const { s3Providers } = await import('@upload-streams/nest/s3');
    providers.push(...s3Providers(s3));
  }
  if (redis) {
    const { redisProviders } = await import('@upload-streams/nest/redis');
    providers.push(...redisProviders(redis));
  }
  return providers;
}
