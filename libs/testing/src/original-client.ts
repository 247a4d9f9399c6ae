import {
  BEGIN_UPLOAD,
  uploadChunkEvent,
  uploadErrorEvent,
  uploadSuccessEvent,
  type CompletedUpload,
} from '@upload-streams/protocol';
import { io, type Socket } from 'socket.io-client';

export interface OriginalUploadOptions {
  readonly sessionID: string;
  /** The payload of `begin_upload`. @default the session ID alone */
  readonly begin?: unknown;
  /** @default 10 KiB, as in the original */
  readonly chunkBytes?: number;
  /** Whether the last chunk is empty. @default false */
  readonly emptyLast?: boolean;
  /** The Origin that a browser would send. @default none */
  readonly origin?: string;
}

/** The original client to the letter: one chunk `{ chunk, last }` at a time, each after the ack of the previous one. */
export async function uploadAsOriginalClient(
  url: string,
  content: Uint8Array,
  options: OriginalUploadOptions,
): Promise<CompletedUpload> {
  const extraHeaders: Record<string, string> = options.origin === undefined ? {} : { Origin: options.origin };
  const socket = io(url, { forceNew: true, reconnection: false, extraHeaders });
  try {
    await connected(socket);
    return await upload(socket, content, options);
  } finally {
    socket.disconnect();
  }
}

async function upload(socket: Socket, content: Uint8Array, options: OriginalUploadOptions): Promise<CompletedUpload> {
  const { sessionID, begin = sessionID } = options;
  const outcome = outcomeOf(socket, sessionID);
  const sending = async () => {
    await acknowledged(socket, BEGIN_UPLOAD, begin);
    for (const payload of chunksOf(content, options)) await acknowledged(socket, uploadChunkEvent(sessionID), payload);
    return outcome;
  };
  return Promise.race([outcome, sending()]);
}

function* chunksOf(content: Uint8Array, { chunkBytes = 10 * 1024, emptyLast = false }: OriginalUploadOptions) {
  for (let start = 0; start < content.length; start += chunkBytes) {
    const end = start + chunkBytes;
    yield { chunk: content.subarray(start, end), last: !emptyLast && end >= content.length };
  }
  if (emptyLast || content.length === 0) yield { chunk: new Uint8Array(0), last: true };
}

function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => socket.once('connect', resolve).once('connect_error', reject));
}

/** Resolves on `upload_success`. Rejects on `upload_error`, with its readable string. */
function outcomeOf(socket: Socket, sessionID: string): Promise<CompletedUpload> {
  return new Promise((resolve, reject) => {
    socket.once(uploadSuccessEvent(sessionID), resolve);
    socket.once(uploadErrorEvent(sessionID), (message: string) => reject(new Error(message)));
  });
}

function acknowledged(socket: Socket, event: string, payload: unknown): Promise<void> {
  return new Promise((resolve) => socket.emit(event, payload, () => resolve()));
}
