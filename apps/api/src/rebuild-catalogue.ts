import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { CatalogueRebuild, CatalogueRebuildModule } from '@upload-streams/nest';
import { readEnvironment } from './app.config.js';
import { storeProviders } from './app.stores.js';
import { PlainLogger } from './plain-logger.js';

/** Adds stored files that are missing from the catalogue to it, with the settings of the gateway, which must not be running. */
async function main(): Promise<void> {
  const settings = readEnvironment(process.env);
  const stores = { providers: await storeProviders(settings) };
  const app = await NestFactory.createApplicationContext(CatalogueRebuildModule.forRoot(settings.upload, stores), {
    logger: new PlainLogger(),
    abortOnError: false,
  });
  try {
    const counts = await app.get(CatalogueRebuild).run({ unrecorded: process.argv.includes('--unrecorded') });
    const { present, restored, unrecorded, failed, missing } = counts;
    process.stdout.write(
      `The catalogue is rebuilt: ${restored} files restored, ${present} were there, ${failed} failed, ` +
        `${missing} have a record and no bytes, ${unrecorded} have no record.\n`,
    );
    if (unrecorded > 0) {
      process.stdout.write('With --unrecorded, files without a record are restored too. They have no owner.\n');
    }
    if (failed > 0) process.exitCode = 1;
  } finally {
    await app.close();
  }
}

main().catch((error: unknown) => {
  const sentence = `The catalogue was not rebuilt. ${error instanceof Error ? error.message : String(error)}\n`;
  process.stderr.write(sentence, () => process.exit(1));
});
