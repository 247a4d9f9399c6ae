export type { ChosenFile } from './chosen-file';
export { DropZone } from './drop-zone/drop-zone';
export { ERROR_SENTENCES, errorSentence, type ErrorSentence } from './error-sentences';
export { FileList } from './files/file-list';
export type { UploadedFile, UploadedFilesPage } from './files/uploaded-file';
export { UploadedFilesService } from './files/uploaded-files.service';
export { FormatBytesPipe, formatBytes } from './format/format-bytes.pipe';
export { FormatDurationPipe, formatDuration } from './format/format-duration.pipe';
export { FormatTimestampPipe } from './format/format-timestamp.pipe';
export { Icon, type IconName } from './icon';
export { provideUploads } from './provide-uploads';
export type { UploadItem } from './queue/upload-item';
export { UploadQueue } from './queue/upload-queue';
export { UploadRow } from './queue/upload-row';
export { UnfinishedList } from './unfinished/unfinished-list';
export { UnfinishedUploads } from './unfinished/unfinished-uploads.service';
export { UploadIdentity } from './upload-identity';
export { UploadService } from './upload.service';
export {
  RESUME_STORE,
  UPLOAD_API_URL,
  UPLOAD_CLIENT,
  UPLOAD_OPTIONS,
  type UploadEngine,
  type UploadsOptions,
} from './upload.tokens';
