import { MAX_FILE_NAME_LENGTH, PROTOCOL_VERSION } from './limits.js';
import { UploadError } from './upload-error.js';
import type { z } from 'zod';

/**
 * Returns the payload as its schema parses it. Throws an `UploadError` that names the problem, but never contains a value
 * that the client sent.
 */
export function parsePayload<Schema extends z.ZodType>(
  schema: Schema,
  payload: unknown,
  code: 'INVALID_PAYLOAD' | 'INVALID_CHUNK' = 'INVALID_PAYLOAD',
): z.output<Schema> {
  const result = schema.safeParse(payload);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  // The names below `metadata` come from the client, so they are left out of the error.
  const path = issue?.path[0] === 'metadata' ? issue.path.slice(0, 1) : issue?.path;
  const field = path?.join('.') ?? '';
  if (field === 'sessionID' && issue?.code === 'invalid_format') throw new UploadError('SESSION_ID_INVALID');
  if (field === 'fileName' && issue?.code === 'too_big') {
    throw new UploadError('FILE_NAME_INVALID', { problem: `it has more than ${MAX_FILE_NAME_LENGTH} characters` });
  }
  if (field === 'protocol') throw new UploadError('UNSUPPORTED_PROTOCOL', { supported: PROTOCOL_VERSION });
  throw new UploadError(code, { problem: [field, issue?.message].filter(Boolean).join(': ') });
}
