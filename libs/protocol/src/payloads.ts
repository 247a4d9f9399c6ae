import { z } from 'zod';
import {
  MAX_FILE_BYTES,
  MAX_FILE_NAME_LENGTH,
  MAX_METADATA_ENTRIES,
  MAX_METADATA_LENGTH,
  MAX_METADATA_TOTAL_LENGTH,
  MAX_TYPE_LENGTH,
  PROTOCOL_VERSION,
  SESSION_ID_PATTERN,
} from './limits.js';

const sessionID = z.string().regex(SESSION_ID_PATTERN);
const byteCount = z.int().min(0).max(MAX_FILE_BYTES);
const crc32 = z.int().min(0).max(0xffff_ffff);
const chunk = z.instanceof(Uint8Array, { message: 'expected binary data' });

/**
 * Replaces unpaired surrogates. Stores replace them too, so a resumed upload would otherwise not match its own session.
 */
const text = (maxLength: number) =>
  z
    .string()
    .max(maxLength)
    .overwrite((characters) => characters.toWellFormed());

/** The limit before normalization to NFC, which combines at most four UTF-16 code units into one. */
const fileName = text(4 * MAX_FILE_NAME_LENGTH);

const entry = text(MAX_METADATA_LENGTH);

const metadata = z.preprocess(
  (entries, context) => {
    if (hasFewEntries(entries)) return entries;
    const message = `expected at most ${MAX_METADATA_ENTRIES} entries`;
    context.issues.push({ code: 'custom', message, input: undefined });
    return z.NEVER;
  },
  z
    .record(entry, entry)
    .refine((entries) => Object.entries(entries).flat().join('').length <= MAX_METADATA_TOTAL_LENGTH, {
      message: `expected at most ${MAX_METADATA_TOTAL_LENGTH} characters in total`,
    }),
);

/** Counts the entries before zod validates each of them. */
function hasFewEntries(entries: unknown): boolean {
  return typeof entries !== 'object' || entries === null || Object.keys(entries).length <= MAX_METADATA_ENTRIES;
}

/** What the client knows about a file when it begins the upload. A live stream has no `size` (bytes); `last` ends it. */
const fileFacts = {
  fileName,
  size: byteCount.optional(),
  type: text(MAX_TYPE_LENGTH).optional(),
  /** Not always an integer in browsers. Sources without a modification time send `null` or omit it. */
  lastModified: z.number().nullish(),
  metadata: metadata.optional(),
};

/** `begin_upload`: creates or resumes a session. A small file is sent along in `chunk`, with `last`. */
export const beginUploadSchema = z
  .object({
    protocol: z.literal(PROTOCOL_VERSION),
    sessionID,
    ...fileFacts,
    chunk: chunk.optional(),
    crc32: crc32.optional(),
    last: z.boolean().optional(),
    fileCrc32: crc32.optional(),
  })
  .refine(({ chunk, crc32 }) => (chunk === undefined) === (crc32 === undefined), {
    message: 'chunk and crc32 must be sent together',
    path: ['crc32'],
  })
  .refine(({ chunk, last, fileCrc32 }) => !last || (chunk !== undefined && fileCrc32 !== undefined), {
    message: 'last requires chunk and fileCrc32',
    path: ['last'],
  });

/** `upload_chunk_{ID}`. The last chunk carries the CRC-32 of the whole file. */
export const uploadChunkSchema = z
  .object({ offset: byteCount, chunk, crc32, last: z.boolean(), fileCrc32: crc32.optional() })
  .refine(({ last, fileCrc32 }) => !last || fileCrc32 !== undefined, {
    message: 'last requires fileCrc32',
    path: ['fileCrc32'],
  });

/** `cancel_upload`. */
export const cancelUploadSchema = z.object({ sessionID });

/** `begin_upload` of the original workflow: the session ID alone, or an object that also describes the file. */
export const originalBeginSchema = z.preprocess(
  (payload) => (typeof payload === 'string' ? { sessionID: payload } : payload),
  z.object({
    sessionID,
    fileName: fileFacts.fileName.optional(),
    size: fileFacts.size,
    type: fileFacts.type,
  }),
);

/** `upload_chunk_{ID}` of the original workflow. The last chunk may be empty, `null` or missing. */
export const originalChunkSchema = z.object({
  chunk: chunk.nullish().transform((bytes) => bytes ?? new Uint8Array(0)),
  last: z.boolean().default(false),
});

/** `upload_success_{ID}`, and `completed` in the answer to `begin_upload`. */
export const completedUploadSchema = z.object({
  fileId: z.string(),
  fileName: z.string(),
  size: byteCount,
  type: z.string(),
  crc32,
  sha256: z.string().optional(),
  url: z.string(),
});

/** The answer to `begin_upload`. */
export const begunUploadSchema = z.object({
  offset: byteCount,
  durable: byteCount,
  window: byteCount,
  maxChunkSize: byteCount,
  prefixCrc32: crc32,
  expiresAt: z.int(),
  completed: completedUploadSchema.optional(),
});

/** The answer to `upload_chunk_{ID}`. */
export const chunkWrittenSchema = z.object({ offset: byteCount, durable: byteCount, window: byteCount });

/** What the server is doing when an answer takes long. */
export const UPLOAD_STEPS = ['beginning', 'writing', 'verifying', 'inspecting', 'cataloguing'] as const;

/** `upload_in_progress_{ID}`: sent every few seconds while the server is still working on an answer for this session. */
export const uploadInProgressSchema = z.object({ step: z.enum(UPLOAD_STEPS) });

/** `server_draining`. */
export const serverDrainingSchema = z.object({ reconnectInMs: z.int().min(0) });

export type BeginUpload = z.infer<typeof beginUploadSchema>;
export type UploadChunk = z.infer<typeof uploadChunkSchema>;
export type CancelUpload = z.infer<typeof cancelUploadSchema>;
export type OriginalBegin = z.infer<typeof originalBeginSchema>;
export type OriginalChunk = z.infer<typeof originalChunkSchema>;
export type CompletedUpload = z.infer<typeof completedUploadSchema>;
export type BegunUpload = z.infer<typeof begunUploadSchema>;
export type ChunkWritten = z.infer<typeof chunkWrittenSchema>;
export type UploadInProgress = z.infer<typeof uploadInProgressSchema>;
export type UploadStep = UploadInProgress['step'];
export type ServerDraining = z.infer<typeof serverDrainingSchema>;
