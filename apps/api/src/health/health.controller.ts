import { Controller, Get } from '@nestjs/common';
import { HealthCheck, HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import { FilesService } from '@upload-streams/nest';

/** Probes for orchestrators: `live` says that the process works, `ready` that it can store files. */
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly files: FilesService,
  ) {}

  @Get('live')
  live() {
    return { status: 'ok' };
  }

  @Get('ready')
  @HealthCheck()
  ready() {
    return this.health.check([() => this.storage()]);
  }

  private async storage() {
    const indicator = this.indicators.check('storage');
    return this.files.check().then(
      () => indicator.up(),
      () => indicator.down({ message: "The store or the catalogue can't be used" }),
    );
  }
}
