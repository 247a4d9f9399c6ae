import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { isBuiltin } from 'node:module';
import type { AddressInfo } from 'node:net';
import { readEnvironment, type Settings } from './app.config.js';
import { unknownVariables } from './config/unknown-variables.js';
import { endWithParent } from './end-with-parent.js';
import { explainListenError } from './start-error.js';
import { tuneProcess } from './performance/tune-process.js';

const logger = new Logger('UploadStreams');

/** Starts the gateway. If it can't start, it says why in one sentence. */
async function main(): Promise<void> {
  tuneProcess(process.env);
  if (process.argv.includes('--end-with-parent')) endWithParent();
  const settings = readEnvironment(process.env);
  if (!settings.redis) requireSqlite();
  for (const sentence of unknownVariables(process.env)) logger.warn(sentence);
  const { createApp } = await import('./create-app.js');
  const app = await createApp(settings);
  // Separate from `listen`, since these errors explain themselves and have nothing to do with the port.
  await app.init();
  const { server } = settings;
  await app.listen(server.port, server.host).catch((error: unknown) => {
    throw explainListenError(error, server);
  });
  const everywhere = ['0.0.0.0', '::'].includes(server.host);
  const host = everywhere ? 'localhost' : server.host;
  const { port } = app.getHttpServer().address() as AddressInfo;
  logger.log(`Upload Streams is listening on http://${host}:${port}, data in ${placeOfData(settings)}`);
}

function placeOfData({ upload, s3, redis }: Settings): string {
  const files = s3 ? `the bucket ${s3.bucket}` : upload.dataDir;
  return redis ? `${files} and Redis` : `${files}`;
}

/** Checked before a module that an older Node does not have is loaded. */
function requireSqlite(): void {
  if (isBuiltin('node:sqlite')) return;
  throw new Error(`Node 22.13 or newer is required for SESSION_STORE=sqlite; this is ${process.version}.`);
}

main().catch((error: unknown) => {
  const sentence = `Upload Streams could not start. ${error instanceof Error ? error.message : String(error)}\n`;
  // Whatever is open already would keep the process alive, and an orchestrator waiting for its exit.
  process.stderr.write(sentence, () => process.exit(1));
});
