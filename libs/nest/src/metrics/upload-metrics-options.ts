import { Registry } from 'prom-client';
import { z } from 'zod';
import { flag, routePathOrNone } from '../option-schema.js';

/** The token of the resolved options (`ResolvedUploadMetricsOptions`). */
export const UPLOAD_METRICS_OPTIONS = Symbol('UPLOAD_METRICS_OPTIONS');

export const uploadMetricsOptionsSchema = z.object({
  path: routePathOrNone('metrics')
    .default('metrics')
    .describe(
      'Path of the metrics, below the global prefix; it has no version. With `false` they are not served, for an ' +
        'application that serves its registry itself.',
    ),
  processMetrics: flag()
    .default(true)
    .describe(
      'Whether to collect metrics of the process too, such as memory and CPU. With `registry`, that is left to the application.',
    ),
  registry: z
    .custom<Registry>((value) => value instanceof Registry, 'must be a Registry of prom-client')
    .optional()
    .describe('Registry of the application that gets the metrics. Without it, the module has a registry of its own.'),
});

export type UploadMetricsModuleOptions = Readonly<z.input<typeof uploadMetricsOptionsSchema>>;

export type ResolvedUploadMetricsOptions = Readonly<z.output<typeof uploadMetricsOptionsSchema>>;
