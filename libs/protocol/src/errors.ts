/**
 * What a client does about an error: `retry` the same again, later; `resync` begin again and go on from the server's
 * offset; `restart` from zero with a new session; `fatal` tell the person.
 */
export type Recovery = 'retry' | 'resync' | 'restart' | 'fatal';

/** Facts about an error, for programs: sizes, offsets, names of fields. Never what the client sent. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | readonly string[]>>;

interface CatalogueEntry {
  readonly recovery: Recovery;
  /** The HTTP status that corresponds to it; 0 where only a client can meet it. */
  readonly status: number;
  /** When it happens, as docs/errors.md says it. */
  readonly when: string;
  readonly message: (details: ErrorDetails) => string;
}

const bytes = (value: unknown): string => `${String(value)} bytes`;

/** Every error of the protocol, the API and the clients. Clients decide by `recovery`, never by the message. */
export const ERRORS = {
  INVALID_PAYLOAD: {
    recovery: 'fatal',
    status: 400,
    when: 'A payload does not fit its schema: a field is missing, has the wrong type, or the chunk is not binary.',
    message: (d) => `The request does not fit the protocol: ${String(d['problem'] ?? 'wrong form')}`,
  },
  INVALID_CHUNK: {
    recovery: 'resync',
    status: 400,
    when: 'What comes with a chunk does not fit its schema. A client that sends what the protocol says meets it where the envelope changed on the way. The chunk is not written.',
    message: (d) => `What came with the chunk does not fit the protocol: ${String(d['problem'] ?? 'wrong form')}`,
  },
  UNKNOWN_EVENT: {
    recovery: 'fatal',
    status: 400,
    when: 'An event has a name that the protocol does not define, or a name that is not a string.',
    message: () => 'The protocol has no such event',
  },
  MESSAGE_TOO_LARGE: {
    recovery: 'fatal',
    status: 413,
    when: 'A message that carries no chunk, or what comes with a chunk, is larger than the protocol allows. It is not read.',
    message: (d) => `A message without its chunk may have ${bytes(d['maxBytes'])} at the most`,
  },
  UNSUPPORTED_PROTOCOL: {
    recovery: 'fatal',
    status: 400,
    when: 'The `protocol` of `begin_upload` is one that this gateway does not speak.',
    message: (d) => `This gateway speaks protocol version ${String(d['supported'])}`,
  },
  SESSION_ID_INVALID: {
    recovery: 'restart',
    status: 400,
    when: 'A session ID is not made of 21 to 64 URL-safe characters.',
    message: () => 'A session ID has 21 to 64 of the characters A-Z, a-z, 0-9, _ and -',
  },
  FILE_NAME_INVALID: {
    recovery: 'fatal',
    status: 400,
    when: 'The file name is empty, longer than 255 characters, only dots or white space, or has a slash or a NUL character in it.',
    message: (d) => `The file name can't be used: ${String(d['problem'])}`,
  },
  FILE_TOO_LARGE: {
    recovery: 'fatal',
    status: 413,
    when: 'The file is larger than MAX_FILE_SIZE, by its declared size or by the bytes that came.',
    message: (d) => `The file is larger than the ${bytes(d['maxBytes'])} that are allowed`,
  },
  TYPE_NOT_ALLOWED: {
    recovery: 'fatal',
    status: 415,
    when: 'The MIME type of the file is not one of ALLOWED_TYPES.',
    message: (d) => `Files of this type are not allowed, only ${String(d['allowed'])}`,
  },
  UNAUTHORIZED: {
    recovery: 'fatal',
    status: 401,
    when: 'The authenticator does not accept the credential that came with the connection or the request.',
    message: () => 'The credential was not accepted',
  },
  FORBIDDEN: {
    recovery: 'fatal',
    status: 403,
    when: 'Code of the host application refuses the connection or the request: a Nest ForbiddenException, or any error with status 403.',
    message: () => 'This is not allowed',
  },
  ORIGIN_NOT_ALLOWED: {
    recovery: 'fatal',
    status: 403,
    when: 'A page of another origin connects, or deletes a file with no other proof than a cookie, and CORS_ORIGINS does not list that origin.',
    message: () => 'Pages of this origin may not upload here (CORS_ORIGINS)',
  },
  UPLOAD_REFUSED: {
    recovery: 'fatal',
    status: 403,
    when: 'The upload policy of the application refuses the upload, before its first byte or after its last one: by this error, or by a Nest HttpException with status 400, 409, 413, 415 or 422, whose message becomes the reason.',
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
    when: 'A chunk or a cancel names a session that this connection has not begun, or that is gone.',
    message: () => 'There is no such session on this connection; begin it first',
  },
  SESSION_MISMATCH: {
    recovery: 'restart',
    status: 409,
    when: 'A session ID that is in use for one file is begun with another name or size, or in the original workflow.',
    message: () => 'The session ID is in use for another file',
  },
  SESSION_TAKEN_OVER: {
    recovery: 'fatal',
    status: 409,
    when: 'Another connection began the same session; it goes on there.',
    message: () => 'The upload goes on in another place',
  },
  UPLOAD_CANCELLED: {
    recovery: 'fatal',
    status: 409,
    when: 'The session was cancelled on another connection.',
    message: () => 'The upload was cancelled in another place',
  },
  TOO_MANY_REQUESTS: {
    recovery: 'retry',
    status: 429,
    when: 'Code of the host application limits the rate: an error with status 429. `details.retryAfterMs` says when to come back, where that is known.',
    message: () => 'Too many requests; try again later',
  },
  UNAVAILABLE: {
    recovery: 'retry',
    status: 503,
    when: 'Something that the host application needs is away for now: an error with status 503. `details.retryAfterMs` says when to come back, where that is known.',
    message: () => 'The server can not do this now; it may work again later',
  },
  TOO_MANY_SESSIONS: {
    recovery: 'retry',
    status: 429,
    when: 'A connection has MAX_SESSIONS_PER_CONNECTION unfinished sessions already.',
    message: (d) => `A connection may have ${String(d['maxSessions'])} unfinished uploads at once`,
  },
  OFFSET_MISMATCH: {
    recovery: 'resync',
    status: 409,
    when: 'A chunk does not start at the offset that the server expects, but beyond it, or overlaps what is written; `details.offset` names it.',
    message: (d) => `The next byte wanted is number ${String(d['offset'])}`,
  },
  CHUNK_TOO_LARGE: {
    recovery: 'fatal',
    status: 413,
    when: 'A chunk is larger than the `maxChunkSize` that `begin_upload` was answered with.',
    message: (d) => `A chunk may have ${bytes(d['maxChunkSize'])} at the most`,
  },
  WINDOW_EXCEEDED: {
    recovery: 'resync',
    status: 429,
    when: 'More bytes are in flight than the window allows. The connection is closed.',
    message: () => 'More bytes were sent than the window allows',
  },
  CHECKSUM_MISMATCH: {
    recovery: 'retry',
    status: 422,
    when: 'The CRC-32 of a chunk is not that of its bytes: they changed on the way. The chunk is not written.',
    message: () => 'A chunk arrived changed; it has to be sent again',
  },
  FILE_CHECKSUM_MISMATCH: {
    recovery: 'restart',
    status: 422,
    when: 'The CRC-32 of the whole file is not that of the bytes that came, or not that of the bytes read back from the store. The session and its bytes are dropped.',
    message: () => 'What was stored is not what was sent; the upload starts again',
  },
  SIZE_MISMATCH: {
    recovery: 'restart',
    status: 422,
    when: 'The bytes do not add up to the declared size: `last` came early, or bytes came after it. The session is dropped.',
    message: (d) => `The file was declared with ${bytes(d['size'])}, but ${bytes(d['received'])} were sent`,
  },
  UPLOAD_ALREADY_COMPLETE: {
    recovery: 'resync',
    status: 409,
    when: 'A chunk comes after the last one, or a cancel for an upload that is complete.',
    message: () => 'The upload is complete already',
  },
  STORAGE_FULL: {
    recovery: 'retry',
    status: 507,
    when: 'The store has no room for these bytes now. What was stored before is kept, and the upload goes on from there once there is room.',
    message: () => 'The server has no room left for this file; the upload goes on when there is room',
  },
  STORAGE_FAILED: {
    recovery: 'retry',
    status: 503,
    when: 'The store failed to read or write.',
    message: () => 'The server could not store the data; it may work again in a while',
  },
  SERVER_DRAINING: {
    recovery: 'retry',
    status: 503,
    when: 'The gateway is shutting down and takes no new work.',
    message: () => 'The server is restarting; the upload goes on afterwards',
  },
  FILE_NOT_FOUND: {
    recovery: 'fatal',
    status: 404,
    when: 'There is no such file, or it belongs to someone else.',
    message: () => 'There is no such file',
  },
  RANGE_NOT_SATISFIABLE: {
    recovery: 'fatal',
    status: 416,
    when: 'A download asks for a range that lies outside of the file.',
    message: (d) => `The file has ${bytes(d['size'])}`,
  },
  INTERNAL: {
    recovery: 'retry',
    status: 500,
    when: 'Something unexpected. The server logs it once; nothing of it is sent.',
    message: () => 'Something went wrong on the server',
  },
  CONNECTION_LOST: {
    recovery: 'retry',
    status: 0,
    when: 'In a client: the connection ended, or none could be made.',
    message: () => 'The connection to the server was lost',
  },
  OFFLINE: {
    recovery: 'retry',
    status: 0,
    when: 'In a client: the browser has no network. The upload goes on by itself as soon as there is one.',
    message: () => 'There is no network',
  },
  ACK_TIMEOUT: {
    recovery: 'retry',
    status: 0,
    when: 'In a client: the connection is open, but the server has not answered in time.',
    message: () => 'The server does not answer',
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
    when: 'In a client: the file changed while it was sent, or it is not the one of which the server holds the beginning. It is uploaded anew as it is now; where it can not be read again, `details.rereadable` is false and the upload fails.',
    message: () => 'The file changed since the upload began',
  },
  SOURCE_NOT_REREADABLE: {
    recovery: 'fatal',
    status: 0,
    when: 'In a client: the server needs bytes again that a stream, which can be read only once, no longer has.',
    message: () => 'The stream can not be read again from the start',
  },
} as const satisfies Record<string, CatalogueEntry>;

/** The codes of the catalogue. */
export type ErrorCode = keyof typeof ERRORS;

/** All codes, in the order of the catalogue. */
export const ERROR_CODES = Object.keys(ERRORS) as readonly ErrorCode[];
