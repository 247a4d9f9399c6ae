import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { isBuiltin } from 'node:module';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { readEnvironment, type Environment } from './app.config.js';
import { endWithParent } from './end-with-parent.js';
import { explainListenError } from './start-error.js';
import { restartWithFlags } from './v8-flags.js';

/** Starts the gateway. Whatever keeps it from starting is said in one sentence. */
async function main(): Promise<void> {
  restartWithFlags();
  if (process.argv.includes('--end-with-parent')) endWithParent();
  requireSqlite();
  const environment = readEnvironment(process.env);
  const { createApp } = await import('./create-app.js');
  const app = await createApp(environment);
  // Apart from listening: what fails here has a sentence of its own.
  await app.init();
  await app.listen(environment.PORT, environment.HOST).catch((error: unknown) => {
    throw explainListenError(error, environment);
  });
  const everywhere = ['0.0.0.0', '::'].includes(environment.HOST);
  const host = everywhere ? 'localhost' : environment.HOST;
  const { port } = app.getHttpServer().address() as AddressInfo;
  new Logger('UploadStreams').log(
    `Upload Streams is listening on http://${host}:${port}, data in ${placeOfData(environment)}`,
  );
}

function placeOfData({ STORAGE, S3_BUCKET, SESSION_STORE, DATA_DIR }: Environment): string {
  const files = STORAGE === 's3' ? `the bucket ${S3_BUCKET}` : resolve(DATA_DIR);
  return SESSION_STORE === 'redis' ? `${files} and Redis` : files;
}

/** Said before anything is loaded that an older Node does not have. */
function requireSqlite(): void {
  if (!isBuiltin('node:sqlite')) throw new Error(`It needs Node 22.13 or newer; this is ${process.version}.`);
}

main().catch((error: unknown) => {
  const sentence = `Upload Streams could not start. ${error instanceof Error ? error.message : String(error)}\n`;
  // What was opened before would keep the process, and an orchestrator waiting for its end.
  process.stderr.write(sentence, () => process.exit(1));
});
