export {
  UploadHttpModule,
  type UploadHttpModuleAsyncOptions,
  type UploadHttpModuleExtras,
  type UploadHttpOptionsFactory,
} from './upload-http.module.js';
export type { ResolvedUploadHttpOptions, UploadHttpModuleOptions } from './upload-http-options.js';
