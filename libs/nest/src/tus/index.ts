export { TUS_EXPOSED_HEADERS } from './tus-headers.js';
export {
  UploadTusModule,
  type UploadTusModuleAsyncOptions,
  type UploadTusModuleExtras,
  type UploadTusOptionsFactory,
} from './upload-tus.module.js';
export type { ResolvedUploadTusOptions, UploadTusModuleOptions } from './upload-tus-options.js';
