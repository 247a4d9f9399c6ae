import { MAX_PACKET_TEXT_LENGTH, sessionOfChunkEvent, UploadError } from '@upload-streams/protocol';
import { TOO_LARGE } from './limits/bounded-parser.js';

/** The kind of the events `upload_chunk_{ID}`. */
export const UPLOAD_CHUNK = 'upload_chunk';

/** An event from a client. Nothing in it has been checked. */
export interface IncomingEvent {
  /** A string, unless the client is hostile. */
  readonly name: unknown;
  /** The name of the event, without the session ID if the name contains one. */
  readonly kind: string;
  /** The session ID in the name of the event; empty if there is none. */
  readonly sessionID: string;
  readonly payload: unknown;
  /** Bytes of the binary attachments. */
  readonly bytes: number;
  /** Why no handler can process the event, if that is already known. */
  readonly refusal?: UploadError;
  /** Sends the answer, if the client asked for one. */
  readonly acknowledge: (answer: object) => void;
}

export function toIncomingEvent(name: unknown, args: readonly unknown[]): IncomingEvent {
  const chunkOf = typeof name === 'string' ? sessionOfChunkEvent(name) : undefined;
  const [payload] = args;
  const ack = args.at(-1);
  const acknowledge = typeof ack === 'function' ? (ack as IncomingEvent['acknowledge']) : () => undefined;
  const event = { name, sessionID: chunkOf ?? '', payload, bytes: bytesOf(payload), acknowledge };
  if (chunkOf !== undefined) return { ...event, kind: UPLOAD_CHUNK };
  if (name !== TOO_LARGE) return { ...event, kind: typeof name === 'string' ? name : '' };
  return { ...event, kind: '', refusal: new UploadError('MESSAGE_TOO_LARGE', { maxBytes: MAX_PACKET_TEXT_LENGTH }) };
}

function bytesOf(payload: unknown): number {
  const chunk = (payload as { readonly chunk?: unknown } | null | undefined)?.chunk;
  return chunk instanceof Uint8Array ? chunk.length : 0;
}
