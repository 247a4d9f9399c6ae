export { UploadHealthIndicator } from './upload-health.indicator.js';
export { UploadHealthModule, type UploadHealthModuleOptions } from './upload-health.module.js';
