import { isUploadError, originalBeginSchema, originalChunkSchema, parsePayload } from '@upload-streams/protocol';
import { toUploadError } from '../errors/host-error.js';
import type { SessionService } from '../session/session.service.js';
import type { SocketConnection } from './socket-connection.js';

/** What a file is called of which an original client says nothing. */
const UNNAMED = 'upload';

/** A `begin_upload` without `protocol`: the session ID alone, or an object. */
export function isOriginalPayload(payload: unknown): boolean {
  return typeof payload === 'string' || (typeof payload === 'object' && payload !== null && !('protocol' in payload));
}

/** Longer ones are no session IDs, and are not sent back. */
const LONGEST_ECHO = 64;

/** The session ID that a `begin_upload` names, to answer with; undefined where it names none. */
export function sessionOfPayload(payload: unknown): string | undefined {
  const id = typeof payload === 'string' ? payload : (payload as { sessionID?: unknown } | null | undefined)?.sessionID;
  return typeof id === 'string' && id.length <= LONGEST_ECHO ? id : undefined;
}

/** Whether an `upload_chunk_{ID}` is of the original workflow: by its session, or by its form where there is none. */
export function isOriginalChunk(peer: SocketConnection, sessionID: string, payload: unknown): boolean {
  if (peer.originalSessions.has(sessionID)) return true;
  return typeof payload === 'object' && payload !== null && !('offset' in payload) && !('crc32' in payload);
}

/** `begin_upload` with a session ID, one ack. */
export async function beginOriginal(
  sessions: SessionService,
  peer: SocketConnection,
  payload: unknown,
): Promise<object> {
  const { fileName = UNNAMED, ...wanted } = parsePayload(originalBeginSchema, payload);
  await sessions.begin(peer, { protocol: 0, fileName, ...wanted });
  peer.originalSessions.add(wanted.sessionID);
  return { ok: true };
}

/** A chunk, one ack; a refusal is `upload_error_{ID}` and no ack. Success is told by the session. */
export async function chunkOfOriginal(
  sessions: SessionService,
  peer: SocketConnection,
  sessionID: string,
  payload: unknown,
): Promise<object | undefined> {
  try {
    const { chunk, last } = parsePayload(originalChunkSchema, payload);
    await sessions.receiveNext(peer, sessionID, chunk, last);
    return { ok: true };
  } catch (error) {
    peer.failed(sessionID, toUploadError(error));
    if (isUploadError(error, 'WINDOW_EXCEEDED')) peer.disconnect();
    return undefined;
  }
}
