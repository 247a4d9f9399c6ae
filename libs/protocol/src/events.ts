import type { Ack } from './acks.js';
import type {
  BeginUpload,
  BegunUpload,
  CancelUpload,
  ChunkWritten,
  CompletedUpload,
  ServerDraining,
  UploadChunk,
  UploadInProgress,
} from './payloads.js';
import type { UploadErrorBody } from './upload-error.js';

export const BEGIN_UPLOAD = 'begin_upload';
export const CANCEL_UPLOAD = 'cancel_upload';
export const SERVER_DRAINING = 'server_draining';

const UPLOAD_CHUNK = 'upload_chunk_';
const UPLOAD_SUCCESS = 'upload_success_';
const UPLOAD_ERROR = 'upload_error_';
const UPLOAD_IN_PROGRESS = 'upload_in_progress_';

export type UploadChunkEvent = `${typeof UPLOAD_CHUNK}${string}`;
export type UploadSuccessEvent = `${typeof UPLOAD_SUCCESS}${string}`;
export type UploadErrorEvent = `${typeof UPLOAD_ERROR}${string}`;
export type UploadInProgressEvent = `${typeof UPLOAD_IN_PROGRESS}${string}`;

export const uploadChunkEvent = (sessionID: string): UploadChunkEvent => `${UPLOAD_CHUNK}${sessionID}`;
export const uploadSuccessEvent = (sessionID: string): UploadSuccessEvent => `${UPLOAD_SUCCESS}${sessionID}`;
export const uploadErrorEvent = (sessionID: string): UploadErrorEvent => `${UPLOAD_ERROR}${sessionID}`;
export const uploadInProgressEvent = (sessionID: string): UploadInProgressEvent => `${UPLOAD_IN_PROGRESS}${sessionID}`;

/** The session ID that an `upload_chunk_{ID}` event names; undefined for any other event. */
export function sessionOfChunkEvent(event: string): string | undefined {
  return event.startsWith(UPLOAD_CHUNK) ? event.slice(UPLOAD_CHUNK.length) : undefined;
}

type Acked<Payload, Answer extends object> = (payload: Payload, ack: (answer: Ack<Answer>) => void) => void;

/** The part of a browser's `Blob` that Socket.IO needs. Declared here because this package does not use DOM types. */
export interface BlobLike {
  readonly size: number;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** A chunk as a client passes it to Socket.IO. Browsers may pass a `Blob`. */
export type OutgoingChunk = Uint8Array | BlobLike;

/** A payload as a client sends it. */
export type Outgoing<Payload> = Omit<Payload, 'chunk'> & {
  [Field in keyof Payload as Field extends 'chunk' ? Field : never]:
    (undefined extends Payload[Field] ? undefined : never) | OutgoingChunk;
};

/** The events that a client emits, for `Socket<ServerToClientEvents, ClientToServerEvents>`. */
export interface ClientToServerEvents {
  [BEGIN_UPLOAD]: Acked<Outgoing<BeginUpload>, BegunUpload>;
  [CANCEL_UPLOAD]: Acked<CancelUpload, object>;
  [event: UploadChunkEvent]: Acked<Outgoing<UploadChunk>, ChunkWritten>;
}

/** The events that the gateway emits. `upload_error_{ID}` starts with the message because original clients display it. */
export interface ServerToClientEvents {
  [SERVER_DRAINING]: (notice: ServerDraining) => void;
  [event: UploadSuccessEvent]: (file: CompletedUpload) => void;
  [event: UploadErrorEvent]: (message: string, error: UploadErrorBody) => void;
  [event: UploadInProgressEvent]: (progress: UploadInProgress) => void;
}
