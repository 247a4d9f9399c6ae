/**
 * What a client does about an error:
 * - `retry`: wait, then try the same again;
 * - `resync`: begin the session again and continue from the server's offset;
 * - `restart`: upload from zero under a new session ID;
 * - `fatal`: stop and tell the user.
 */
export type Recovery = 'retry' | 'resync' | 'restart' | 'fatal';

/** Facts about an error for programs: sizes, offsets, field names. Never a value that the client sent. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | readonly string[]>>;

interface CatalogueEntry {
  readonly recovery: Recovery;
  /** The corresponding HTTP status; 0 for errors that only occur in a client. */
  readonly status: number;
  /** When the error occurs. Copied into docs/errors.md. */
  readonly when: string;
  readonly message: (details: ErrorDetails) => string;
}

const bytes = (value: unknown): string => `${String(value)} bytes`;

/** Every error of the protocol, the HTTP API and the clients. Clients act on `recovery`, never on the message. */
export const ERRORS = {
  INVALID_PAYLOAD: {
    recovery: 'fatal',
    status: 400,
    when: 'A payload does not match its schema: a field is missing, a field has the wrong type, or the chunk is not binary.',
    message: (d) => `The request is invalid: ${String(d['problem'] ?? 'unexpected format')}`,
  },
  INVALID_CHUNK: {
    recovery: 'resync',
    status: 400,
    when: 'The fields sent with a chunk do not match the schema. For a correct client, this means that they were corrupted in transit. The chunk is not written.',
    message: (d) => `The fields of the chunk are invalid: ${String(d['problem'] ?? 'unexpected format')}`,
  },
  UNKNOWN_EVENT: {
    recovery: 'fatal',
    status: 400,
    when: 'The protocol does not define an event of this name, or the name is not a string.',
    message: () => 'The protocol does not define this event',
  },
  MESSAGE_TOO_LARGE: {
    recovery: 'fatal',
    status: 413,
    when: 'The text of an event, which is everything except its chunk, is longer than the protocol allows. The event is not parsed.',
    message: (d) =>
      `The message is too large: without its chunk, it may have at most ${String(d['maxBytes'])} characters`,
  },
  UNSUPPORTED_PROTOCOL: {
    recovery: 'fatal',
    status: 400,
    when: 'The gateway does not support the version given as `protocol` in `begin_upload`.',
    message: (d) => `This server supports protocol version ${String(d['supported'])} only`,
  },
  SESSION_ID_INVALID: {
    recovery: 'restart',
    status: 400,
    when: 'The session ID does not consist of 21 to 64 URL-safe characters.',
    message: () => 'A session ID must have 21 to 64 characters from A-Z, a-z, 0-9, _ and -',
  },
  FILE_NAME_INVALID: {
    recovery: 'fatal',
    status: 400,
    when: 'The file name is empty, is longer than 255 characters, consists only of dots or white space, or contains a slash or a NUL character.',
    message: (d) => `The file name is not valid: ${String(d['problem'])}`,
  },
  FILE_TOO_LARGE: {
    recovery: 'fatal',
    status: 413,
    when: 'The declared size of the file, or the number of bytes received, exceeds `MAX_FILE_SIZE`.',
    message: (d) => `The file is larger than the limit of ${bytes(d['maxBytes'])}`,
  },
  TYPE_NOT_ALLOWED: {
    recovery: 'fatal',
    status: 415,
    when: '`ALLOWED_TYPES` does not include the MIME type of the file.',
    message: (d) => `This file type is not allowed. Allowed types: ${String(d['allowed'])}`,
  },
  UNAUTHORIZED: {
    recovery: 'fatal',
    status: 401,
    when: 'The authenticator rejected the credential of the connection or request.',
    message: () => 'The credential was rejected',
  },
  FORBIDDEN: {
    recovery: 'fatal',
    status: 403,
    when: 'The host application refused the connection or request: it threw a Nest `ForbiddenException` or another error with status 403.',
    message: () => 'This is not allowed',
  },
  ORIGIN_NOT_ALLOWED: {
    recovery: 'fatal',
    status: 403,
    when: 'A page from an origin that is not in `CORS_ORIGINS` tried to connect, or to delete a file with a cookie as its only credential.',
    message: () =>
      'Pages from this origin are not allowed to use this server (allowedOrigins, or CORS_ORIGINS of apps/api)',
  },
  UPLOAD_REFUSED: {
    recovery: 'fatal',
    status: 403,
    when: 'The upload policy of the host application refused the upload, either before the first byte or after the last one. The policy threw this error, or a Nest `HttpException` with status 400, 409, 413, 415 or 422, whose message becomes the reason.',
    message: (d) => `The upload was refused: ${String(d['reason'] ?? 'not allowed')}`,
  },
  SESSION_FORBIDDEN: {
    recovery: 'restart',
    status: 403,
    when: 'The session belongs to someone else.',
    message: () => 'The session belongs to someone else',
  },
  SESSION_NOT_FOUND: {
    recovery: 'resync',
    status: 404,
    when: 'A chunk names a session that this connection has not begun, or a chunk or `cancel_upload` names a session that does not exist.',
    message: () => 'The session does not exist, or this connection has not begun it',
  },
  SESSION_MISMATCH: {
    recovery: 'restart',
    status: 409,
    when: '`begin_upload` used the ID of an existing session with another file name or size, or with the original workflow.',
    message: () => 'The session ID is already in use for another file',
  },
  SESSION_TAKEN_OVER: {
    recovery: 'fatal',
    status: 409,
    when: 'Another connection began the same session. The upload continues there.',
    message: () => 'The upload continues on another connection',
  },
  UPLOAD_CANCELLED: {
    recovery: 'fatal',
    status: 409,
    when: 'The session was cancelled on another connection.',
    message: () => 'The upload was cancelled on another connection',
  },
  TOO_MANY_REQUESTS: {
    recovery: 'retry',
    status: 429,
    when: 'The host application limits the request rate: it threw an error with status 429. If the waiting time is known, it is in `details.retryAfterMs`.',
    message: () => 'Too many requests; try again later',
  },
  UNAVAILABLE: {
    recovery: 'retry',
    status: 503,
    when: 'A service that the host application needs is temporarily unavailable: it threw an error with status 503. If the waiting time is known, it is in `details.retryAfterMs`.',
    message: () => 'The server is temporarily unavailable; try again later',
  },
  TOO_MANY_SESSIONS: {
    recovery: 'retry',
    status: 429,
    when: 'The connection already holds `MAX_SESSIONS_PER_CONNECTION` unfinished sessions.',
    message: (d) => `A connection may have at most ${String(d['maxSessions'])} unfinished uploads`,
  },
  OFFSET_MISMATCH: {
    recovery: 'resync',
    status: 409,
    when: 'A chunk starts beyond the offset that the server expects, or overlaps bytes that are already written. `details.offset` is the expected offset.',
    message: (d) => `The server expects the chunk at offset ${String(d['offset'])}`,
  },
  CHUNK_TOO_LARGE: {
    recovery: 'fatal',
    status: 413,
    when: 'A chunk is larger than the `maxChunkSize` in the answer to `begin_upload`, or a chunk in `begin_upload` is larger than 64 KiB.',
    message: (d) => `A chunk may have at most ${bytes(d['maxChunkSize'])}`,
  },
  WINDOW_EXCEEDED: {
    recovery: 'resync',
    status: 429,
    when: 'The client has more bytes in flight than the window allows. The server closes the connection.',
    message: () => 'The client sent more bytes than the window allows',
  },
  CHECKSUM_MISMATCH: {
    recovery: 'retry',
    status: 422,
    when: 'The bytes of a chunk do not match its CRC-32: they were corrupted in transit. The chunk is not written.',
    message: () => 'A chunk was corrupted in transit; send it again',
  },
  FILE_CHECKSUM_MISMATCH: {
    recovery: 'restart',
    status: 422,
    when: 'The CRC-32 of the whole file does not match the bytes received, or the bytes read back from storage do not match the bytes received. The session has failed, and its bytes are discarded.',
    message: () => 'The stored file does not match the file that was sent; upload it again',
  },
  SIZE_MISMATCH: {
    recovery: 'restart',
    status: 422,
    when: 'The bytes do not add up to the declared size: `last` came too early, or the chunks exceed the size. The session has failed, and its bytes are discarded.',
    message: (d) => `The declared size is ${bytes(d['size'])}, but ${bytes(d['received'])} were sent`,
  },
  UPLOAD_ALREADY_COMPLETE: {
    recovery: 'resync',
    status: 409,
    when: 'A chunk arrived after the last one, or `cancel_upload` names a completed upload.',
    message: () => 'The upload is already complete',
  },
  STORAGE_FULL: {
    recovery: 'retry',
    status: 507,
    when: 'There is not enough free storage for these bytes. The bytes stored so far are kept, and the upload continues from there once there is space.',
    message: () => 'The server has no space left for this file; the upload continues when there is space',
  },
  STORAGE_FAILED: {
    recovery: 'retry',
    status: 503,
    when: 'Reading from or writing to storage failed.',
    message: () => 'The server could not store the data; try again later',
  },
  SERVER_DRAINING: {
    recovery: 'retry',
    status: 503,
    when: 'The gateway is shutting down and accepts no new work.',
    message: () => 'The server is restarting; the upload continues afterwards',
  },
  FILE_NOT_FOUND: {
    recovery: 'fatal',
    status: 404,
    when: 'The file does not exist, or it belongs to someone else.',
    message: () => 'The file does not exist',
  },
  RANGE_NOT_SATISFIABLE: {
    recovery: 'fatal',
    status: 416,
    when: 'A download requests a range that lies outside the file.',
    message: (d) => `The requested range is outside the file, which has ${bytes(d['size'])}`,
  },
  INTERNAL: {
    recovery: 'retry',
    status: 500,
    when: 'An unexpected error. The server logs it once and sends no details to the client.',
    message: () => 'Something went wrong on the server',
  },
  CONNECTION_LOST: {
    recovery: 'retry',
    status: 0,
    when: 'In a client: the connection was lost or could not be established. In Node, `details.problem` is the code of the system, if there is one: `ECONNREFUSED` if nothing listens at this address and port, `ENOTFOUND` if the host is not known.',
    message: (d) =>
      `There is no connection to the server${d['problem'] === undefined ? '' : ` (${String(d['problem'])})`}`,
  },
  OFFLINE: {
    recovery: 'retry',
    status: 0,
    when: 'In a client: the browser is offline. The upload continues automatically when it is online again.',
    message: () => 'There is no network connection',
  },
  WEBSOCKET_BLOCKED: {
    recovery: 'retry',
    status: 0,
    when: 'In a client: WebSockets to the server do not open, but its address answers plain HTTP requests. A proxy, a firewall or a browser extension blocks WebSockets, or there is no gateway at this address and path. `details.status` is the status of the answer, unless it was a redirect in a browser.',
    message: (d) =>
      d['status'] === 404
        ? 'The address of the server answers, but there is no gateway at this path (HTTP 404)'
        : 'The address of the server answers plain HTTP requests, but no WebSocket opens',
  },
  ACK_TIMEOUT: {
    recovery: 'retry',
    status: 0,
    when: 'In a client: the connection is open, but the server did not answer in time.',
    message: () => 'The server did not answer in time',
  },
  TOKEN_UNAVAILABLE: {
    recovery: 'retry',
    status: 0,
    when: 'In a client: the function that provides the credential (`token`) failed, returned something other than a text, or did not answer in time. It is asked again with the next connection.',
    message: () => 'The credential for the connection could not be obtained',
  },
  SOURCE_FAILED: {
    recovery: 'fatal',
    status: 0,
    when: 'In a client: the file or stream to upload could not be read.',
    message: () => 'The file could not be read',
  },
  SOURCE_CHANGED: {
    recovery: 'restart',
    status: 0,
    when: 'In a client: the file changed during the upload, or it does not match the bytes that the server already has. The client uploads the current content from zero. If the source cannot be read again, `details.rereadable` is false and the upload fails.',
    message: () => 'The file has changed since the upload began',
  },
  SOURCE_NOT_REREADABLE: {
    recovery: 'fatal',
    status: 0,
    when: 'In a client: the server needs bytes again, but the source is a stream that can be read only once.',
    message: () => 'The stream cannot be read again',
  },
} as const satisfies Record<string, CatalogueEntry>;

/** The codes of the catalogue. */
export type ErrorCode = keyof typeof ERRORS;

/** All codes, in the order of the catalogue. */
export const ERROR_CODES = Object.keys(ERRORS) as readonly ErrorCode[];
