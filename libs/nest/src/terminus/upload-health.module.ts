import { Module, type DynamicModule } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { z } from 'zod';
import { ChosenArea, type AreaChoice } from '../area/chosen-area.js';
import { resolveOptions, routePathOrNone } from '../option-schema.js';
import { newHealthController } from './health.controller.js';
import { UploadHealthIndicator } from './upload-health.indicator.js';

export const uploadHealthOptionsSchema = z.object({
  path: routePathOrNone('health')
    .default('health')
    .describe(
      'Path of the probes, below the global prefix; they have no version. With `false` there are none, for an application ' +
        'that injects `UploadHealthIndicator` into its own.',
    ),
});

export type UploadHealthModuleOptions = Readonly<z.input<typeof uploadHealthOptionsSchema>>;

/** The probes `health/live` and `health/ready`, and the indicator that they use. Import it beside `UploadModule`. */
@Module({
  imports: [TerminusModule],
  providers: [ChosenArea, UploadHealthIndicator],
  exports: [UploadHealthIndicator],
})
export class UploadHealthModule {
  static forRoot(given: UploadHealthModuleOptions = {}, { area }: AreaChoice = {}): DynamicModule {
    const { path } = resolveOptions('UploadHealthModule', uploadHealthOptionsSchema, given);
    return {
      module: UploadHealthModule,
      imports: area ? [area] : [],
      controllers: path === false ? [] : [newHealthController(path)],
    };
  }
}
