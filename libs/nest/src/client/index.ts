export { UploadControls, type UploadOptions, type UploadState } from '@upload-streams/client';
export type { NodeSource } from '@upload-streams/client/node';
export {
  UploadClientModule,
  type UploadClientModuleAsyncOptions,
  type UploadClientModuleExtras,
  type UploadClientOptionsFactory,
} from './upload-client.module.js';
export { InjectUploadClient, uploadClientToken } from './inject-upload-client.js';
export { UPLOAD_CLIENT_OPTIONS, UploadClient, type UploadClientModuleOptions } from './upload-client.js';
