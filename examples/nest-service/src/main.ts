import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { ArchiveService } from './archive.service.js';

/** `node dist/main.js <path>`: uploads a file, and a note about it. */
async function main(): Promise<void> {
  const path = process.argv[2];
  if (path === undefined) throw new Error('Usage: node dist/main.js <path>');
  const app = await NestFactory.createApplicationContext(AppModule, { logger: ['log', 'error'] });
  try {
    const archive = app.get(ArchiveService);
    const last = await archive.archive(path);
    if (last.status !== 'completed') throw new Error(`The file was not archived: ${last.status}`);
    const noteId = await archive.note(`${last.fileName} has ${last.file.size} bytes`);
    process.stdout.write(`archived ${last.file.fileId}, note ${noteId}\n`);
  } finally {
    await app.close();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
