import { Controller, Get, Injectable, VERSION_NEUTRAL, type Type } from '@nestjs/common';
import { HealthCheck, HealthCheckService } from '@nestjs/terminus';
import { UploadHealthIndicator } from './upload-health.indicator.js';

/** Probes for orchestrators: `live` says that the process works, `ready` that it can store files. */
@Injectable()
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly uploads: UploadHealthIndicator,
  ) {}

  @Get('live')
  live() {
    return { status: 'ok' };
  }

  @Get('ready')
  @HealthCheck()
  ready() {
    return this.health.check([() => this.uploads.isHealthy('storage')]);
  }
}

/** A controller of its own for each module, because Nest keeps the path with the class. */
export function newHealthController(path: string): Type<HealthController> {
  @Controller({ path, version: VERSION_NEUTRAL })
  class MountedHealthController extends HealthController {}
  return MountedHealthController;
}
