/** The protocol version that this code implements (docs/protocol.md). */
export const PROTOCOL_VERSION = 1;

/**
 * A session ID: 21 to 64 URL-safe characters. New clients generate 22 characters (132 random bits); original clients
 * generate 21 (126 bits).
 */
export const SESSION_ID_PATTERN = /^[A-Za-z0-9_-]{21,64}$/;

/** The length of a session ID that a new client generates: 22 characters × 6 bits = 132 random bits. */
export const SESSION_ID_LENGTH = 22;

/** The maximum length of a file name, in UTF-16 code units: the limit of NTFS and most other file systems. */
export const MAX_FILE_NAME_LENGTH = 255;

/** The maximum length of a MIME type: RFC 6838 allows 127 characters on each side of the slash. */
export const MAX_TYPE_LENGTH = 255;

/** The maximum number of metadata entries of an upload. */
export const MAX_METADATA_ENTRIES = 32;

/** The maximum length of a metadata key and of a metadata value, in UTF-16 code units. */
export const MAX_METADATA_LENGTH = 1024;

/** The maximum length of all metadata keys and values together, in UTF-16 code units. */
export const MAX_METADATA_TOTAL_LENGTH = 16 * 1024;

/**
 * The maximum length of the text of a packet, without its chunk, in UTF-16 code units. The longest name, type and metadata
 * fit, even if JSON escapes every character as six.
 */
export const MAX_PACKET_TEXT_LENGTH = 128 * 1024;

/** The upper bound for the maximum chunk size of a gateway: 16 MiB. */
export const MAX_CHUNK_BYTES = 16 * 1024 * 1024;

/** The lower bound for the maximum chunk size of a gateway: 64 KiB. Every gateway accepts chunks of this size. */
export const MIN_CHUNK_BYTES = 64 * 1024;

/** The largest file that can be sent in `begin_upload`: 64 KiB, because every gateway accepts a chunk of this size. */
export const MAX_INLINE_BYTES = MIN_CHUNK_BYTES;

/**
 * How many bytes of a new session a client may send before it has the answer to `begin_upload`: 1 MiB, which is what a link
 * of 100 Mbit/s carries in a round trip of 80 ms.
 */
export const MAX_AHEAD_BYTES = 1024 * 1024;

/** The largest WebSocket message that a gateway reads: a chunk of the maximum size and its envelope. */
export const MAX_MESSAGE_BYTES = MAX_CHUNK_BYTES + 64 * 1024;

/** The largest file: 2^53 - 1 bytes, the largest integer that a JSON number represents exactly in JavaScript. */
export const MAX_FILE_BYTES = Number.MAX_SAFE_INTEGER;
