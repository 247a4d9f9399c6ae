import { NestFactory } from '@nestjs/core';
import { OriginPolicy, type CorsRule } from '@upload-streams/nest';
import { TUS_EXPOSED_HEADERS } from '@upload-streams/nest/tus';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { IncomingMessage, Server } from 'node:http';
import { resolve } from 'node:path';
import type { Settings } from './app.config.js';
import { AppModule } from './app.module.js';
import { withoutBasePath } from './http/base-path.js';
import { securityHeaders } from './http/security-headers.js';
import { PlainLogger } from './plain-logger.js';
import { requirePage } from './start-error.js';

type DecideCors = (error: null, rule: CorsRule & { readonly exposedHeaders: string[] }) => void;

/** Creates the application for `main.ts` and for tests. It does not listen yet. */
export async function createApp(settings: Settings): Promise<NestExpressApplication> {
  const webDir = settings.server.webDir && resolve(settings.server.webDir);
  if (webDir) requirePage(webDir);
  const app = await NestFactory.create<NestExpressApplication>(await AppModule.forSettings(settings), {
    logger: new PlainLogger(),
    forceCloseConnections: true,
    // `main` reports errors, in one sentence each; Nest would end the process here.
    abortOnError: false,
    // Only tus requests have a body, which is read as it is written.
    bodyParser: false,
  });
  app.use(withoutBasePath(settings.upload.basePath), securityHeaders);
  const origins = app.get(OriginPolicy, { strict: false });
  app.enableCors((request: IncomingMessage, decide: DecideCors) =>
    decide(null, { ...origins.corsOf(request), exposedHeaders: [...TUS_EXPOSED_HEADERS] }),
  );
  limitConnections(app.getHttpServer() as Server);
  if (webDir) servePage(app, webDir);
  // Exits with code 0 after a clean shutdown. Nest would raise the signal again, which counts as killed.
  app.enableShutdownHooks(undefined, { useProcessExit: true });
  return app;
}

/** Bounds how many connections are open, and how long one may stay open that sends headers slowly or nothing at all. */
function limitConnections(server: Server): void {
  server.headersTimeout = 20_000;
  // Longer than a proxy in front keeps its own (usually 60 s), so that it never sends into a connection that closes.
  server.keepAliveTimeout = 75_000;
  server.maxConnections = 20_000;
}

/** Serves the built page. Files with a hash in their name never change; the page itself is always revalidated. */
function servePage(app: NestExpressApplication, folder: string): void {
  app.useStaticAssets(folder, {
    setHeaders: (response, path) => {
      const hashed = /-[A-Z0-9]{8}\.\w+$/.test(path);
      response.setHeader('Cache-Control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
}
