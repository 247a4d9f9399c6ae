/** The version of the protocol that this code speaks (docs/protocol.md). */
export const PROTOCOL_VERSION = 1;

/**
 * A session ID: 21 to 64 URL-safe characters. New clients generate 22 characters (132 random bits); 21 (126 bits) is
 * what the original clients' generator makes.
 */
export const SESSION_ID_PATTERN = /^[A-Za-z0-9_-]{21,64}$/;

/** Characters in a session ID that a new client generates: 22 × 6 bits = 132 random bits. */
export const SESSION_ID_LENGTH = 22;

/** The longest file name, in UTF-16 units: what NTFS and most other file systems allow. */
export const MAX_FILE_NAME_LENGTH = 255;

/** The longest MIME type: RFC 6838 allows 127 characters on each side of the slash. */
export const MAX_TYPE_LENGTH = 255;

/** Free-form text that travels with an upload: at most this many entries ... */
export const MAX_METADATA_ENTRIES = 32;

/** ... of at most this many characters each, key and value. */
export const MAX_METADATA_LENGTH = 1024;

/** All keys and values together, in UTF-16 units. */
export const MAX_METADATA_TOTAL_LENGTH = 16 * 1024;

/**
 * The longest text of a packet, without its chunk, in UTF-16 units: the longest name, type and metadata fit, even where
 * each character is escaped as six.
 */
export const MAX_PACKET_TEXT_LENGTH = 128 * 1024;

/** No gateway may be configured to accept a larger chunk: 16 MiB. */
export const MAX_CHUNK_BYTES = 16 * 1024 * 1024;

/** A gateway accepts chunks of at least this size: 64 KiB. */
export const MIN_CHUNK_BYTES = 64 * 1024;

/** A file of at most this size rides along in `begin_upload`: 64 KiB, which every gateway accepts in one chunk. */
export const MAX_INLINE_BYTES = MIN_CHUNK_BYTES;

/**
 * Chunks of a new session may follow `begin_upload` without waiting for its answer, so many bytes in all: 1 MiB, what a
 * link of 100 Mbit/s carries in a round trip of 80 ms.
 */
export const MAX_AHEAD_BYTES = 1024 * 1024;

/** The largest WebSocket message a gateway reads: a chunk of the maximum size and its envelope. */
export const MAX_MESSAGE_BYTES = MAX_CHUNK_BYTES + 64 * 1024;

/** The largest file: 2^53 - 1 bytes, the largest offset that a JSON number carries exactly. */
export const MAX_FILE_BYTES = Number.MAX_SAFE_INTEGER;
