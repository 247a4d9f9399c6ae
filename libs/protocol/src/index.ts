export { accept, refuse, unwrap, type Ack } from './acks.js';
export { crc32, crc32Combine } from './crc32.js';
export { ERROR_CODES, ERRORS, type ErrorCode, type ErrorDetails, type Recovery } from './errors.js';
export {
  BEGIN_UPLOAD,
  CANCEL_UPLOAD,
  SERVER_DRAINING,
  sessionOfChunkEvent,
  uploadChunkEvent,
  uploadErrorEvent,
  uploadInProgressEvent,
  uploadSuccessEvent,
  type ClientToServerEvents,
  type BlobLike,
  type Outgoing,
  type OutgoingChunk,
  type ServerToClientEvents,
  type UploadChunkEvent,
  type UploadErrorEvent,
  type UploadInProgressEvent,
  type UploadSuccessEvent,
} from './events.js';
export { freeBytes } from './free-bytes.js';
export {
  MAX_CHUNK_BYTES,
  MAX_FILE_BYTES,
  MAX_FILE_NAME_LENGTH,
  MAX_AHEAD_BYTES,
  MAX_INLINE_BYTES,
  MAX_MESSAGE_BYTES,
  MAX_PACKET_TEXT_LENGTH,
  MIN_CHUNK_BYTES,
  PROTOCOL_VERSION,
  SESSION_ID_LENGTH,
  SESSION_ID_PATTERN,
} from './limits.js';
export {
  beginUploadSchema,
  begunUploadSchema,
  cancelUploadSchema,
  chunkWrittenSchema,
  completedUploadSchema,
  originalBeginSchema,
  originalChunkSchema,
  serverDrainingSchema,
  UPLOAD_STEPS,
  uploadChunkSchema,
  uploadInProgressSchema,
  type BeginUpload,
  type BegunUpload,
  type CancelUpload,
  type ChunkWritten,
  type CompletedUpload,
  type OriginalBegin,
  type OriginalChunk,
  type ServerDraining,
  type UploadChunk,
  type UploadInProgress,
  type UploadStep,
} from './payloads.js';
export { parsePayload } from './parse-payload.js';
export { isUploadError, UploadError, type UploadErrorBody } from './upload-error.js';
