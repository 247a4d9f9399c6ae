export { UploadMetrics } from './upload-metrics.js';
export { UploadMetricsModule } from './upload-metrics.module.js';
export type { UploadMetricsModuleOptions } from './upload-metrics-options.js';
