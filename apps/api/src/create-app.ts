import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Server } from 'node:http';
import { resolve } from 'node:path';
import type { Environment } from './app.config.js';
import { AppModule } from './app.module.js';
import { securityHeaders } from './http/security-headers.js';
import { PlainLogger } from './plain-logger.js';
import { requirePage } from './start-error.js';

/** The application as it is served, for `main.ts` and for tests. It does not listen yet. */
export async function createApp(environment: Environment): Promise<NestExpressApplication> {
  if (environment.WEB_DIR) requirePage(resolve(environment.WEB_DIR));
  const app = await NestFactory.create<NestExpressApplication>(await AppModule.forEnvironment(environment), {
    logger: new PlainLogger(),
    forceCloseConnections: true,
    // Errors come to `main`, which says them in one sentence, instead of ending the process here.
    abortOnError: false,
    // No request of the API has a body.
    bodyParser: false,
  });
  app.use(securityHeaders);
  app.enableCors({
    origin: environment.CORS_ORIGINS.includes('*') ? true : environment.CORS_ORIGINS,
    credentials: true,
  });
  limitConnections(app.getHttpServer() as Server);
  if (environment.WEB_DIR) servePage(app, resolve(environment.WEB_DIR));
  // Exits with 0 after an orderly end, where Nest would raise the signal anew and be counted as killed.
  app.enableShutdownHooks(undefined, { useProcessExit: true });
  return app;
}

/** Whoever sends headers slowly, or nothing at all, does not keep a connection; nor do more than this come in at once. */
function limitConnections(server: Server): void {
  server.headersTimeout = 20_000;
  // Longer than proxies in front keep theirs (60 s as a rule), so that they never send into a connection that ends.
  server.keepAliveTimeout = 75_000;
  server.maxConnections = 20_000;
}

/** The built page. Files with a hash in their name never change; the page itself is asked for anew each time. */
function servePage(app: NestExpressApplication, folder: string): void {
  app.useStaticAssets(folder, {
    setHeaders: (response, path) => {
      const hashed = /-[A-Z0-9]{8}\.\w+$/.test(path);
      response.setHeader('Cache-Control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
}
