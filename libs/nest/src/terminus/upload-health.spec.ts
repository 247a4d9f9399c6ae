import 'reflect-metadata';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, VersioningType } from '@nestjs/common';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UploadModule } from '../index.js';
import { HttpHost, PLATFORMS } from '../http/testing/http-host.js';
import { UploadHealthIndicator, UploadHealthModule } from './index.js';

/** The health check of an application that has more to check. */
@Controller('status')
class StatusController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly uploads: UploadHealthIndicator,
  ) {}

  @Get()
  @HealthCheck()
  check() {
    return this.health.check([() => this.uploads.isHealthy('uploads'), () => ({ mail: { status: 'up' } })]);
  }
}

describe.each(PLATFORMS)('health checks on %s', (_, newAdapter) => {
  let dataDir: string;
  let host: HttpHost | undefined;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'health-'));
  });
  afterEach(async () => {
    await host?.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  const upload = () => UploadModule.forRoot({ dataDir });
  const answer = async (path: string) => {
    const response = await host!.fetch(path);
    return [response.status, await response.json()];
  };

  it('say that the process works, and whether it can store files', async () => {
    host = await HttpHost.start(newAdapter(), { imports: [upload(), UploadHealthModule.forRoot()] });
    expect(await answer('/health/live')).toEqual([200, { status: 'ok' }]);
    expect(await answer('/health/ready')).toMatchObject([200, { status: 'ok', info: { storage: { status: 'up' } } }]);
    await rm(dataDir, { recursive: true });
    expect(await answer('/health/live')).toEqual([200, { status: 'ok' }]);
    expect(await answer('/health/ready')).toMatchObject([503, { error: { storage: { status: 'down' } } }]);
  });

  it('have no version, so that orchestrators find them', async () => {
    const parts = { imports: [upload(), UploadHealthModule.forRoot({ path: 'probes' })] };
    host = await HttpHost.start(newAdapter(), parts, (app) =>
      app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' }),
    );
    expect((await host.fetch('/probes/ready')).status).toBe(200);
  });

  it('can be part of those of the application', async () => {
    const imports = [upload(), TerminusModule, UploadHealthModule.forRoot({ path: false })];
    host = await HttpHost.start(newAdapter(), { imports, controllers: [StatusController] });
    expect(await answer('/status')).toMatchObject([
      200,
      { info: { uploads: { status: 'up' }, mail: { status: 'up' } } },
    ]);
    expect((await host.fetch('/health/ready')).status).toBe(404);
    await rm(dataDir, { recursive: true });
    expect(await answer('/status')).toMatchObject([503, { error: { uploads: { status: 'down' } } }]);
  });

  it('are not set up with a path that has parameters', () => {
    expect(() => UploadHealthModule.forRoot({ path: ':any' })).toThrow('UploadHealthModule: path must be');
  });
});
