import { z } from 'zod';
import type { FileRecord, SessionRecord } from '../../contracts/records.js';
import { currentRecord } from '../file-record.js';

const count = z.int().min(0);
const jsonObject = z.record(z.string(), z.unknown());
const metadata = z.record(z.string(), z.string());

/** Fields that a newer version adds are kept. */
const sessionSchema: z.ZodType<SessionRecord> = z.looseObject({
  sessionID: z.string(),
  resumable: z.boolean(),
  owner: z.string().nullable(),
  fileId: z.string(),
  requestedName: z.string(),
  fileName: z.string(),
  size: count.or(z.undefined()),
  type: z.string(),
  metadata,
  epoch: count,
  checkpoint: z.object({ offset: count, crc32: count }),
  updatedAt: count,
  completed: z.boolean(),
});

const fileSchema: z.ZodType<FileRecord> = z.looseObject({
  fileId: z.string(),
  sessionID: z.string(),
  owner: z.string().nullable(),
  fileName: z.string(),
  size: count,
  type: z.string(),
  crc32: count,
  sha256: z.string().or(z.undefined()),
  metadata,
  createdAt: count,
});

/** Redis returns the hash of a script as a list in which each name is followed by its value. */
export function hashOf(fields: unknown): Readonly<Record<string, string>> {
  const list = Array.isArray(fields) ? (fields as string[]) : [];
  return Object.fromEntries(list.flatMap((name, index) => (index % 2 === 0 ? [[name, list[index + 1]!]] : [])));
}

/**
 * What never changes of a session. Versions that share the store read `protocol`: 0 for clients of the original workflow,
 * which can't resume.
 */
export const textOfSession = (session: SessionRecord): string =>
  JSON.stringify({ ...session, protocol: session.resumable ? 1 : 0 });

/**
 * A session from its hash: what never changes is in `record`, as it was created; the other fields change. Throws if it is
 * not valid: another program, or another version, wrote it.
 */
export function sessionOf(fields: Readonly<Record<string, string>>): SessionRecord | undefined {
  const { record, epoch, offset, crc32, updatedAt, completed } = fields;
  if (Object.keys(fields).length === 0) return undefined;
  const { protocol, ...created } = parsed(record);
  const session = {
    ...created,
    resumable: protocol === 1,
    // JSON leaves out what is undefined.
    size: created['size'],
    epoch: numberOf(epoch),
    checkpoint: { offset: numberOf(offset), crc32: numberOf(crc32) },
    updatedAt: numberOf(updatedAt),
    completed: completed === '1',
  };
  return checked(session, sessionSchema, 'session', created['sessionID']);
}

/**
 * An entry of the catalogue. Versions that share the store require `storedName`, of which an object store makes no use; so
 * all nodes can read it while they are updated one by one.
 */
export const textOfFile = (file: FileRecord): string => JSON.stringify({ ...file, storedName: file.fileName });

/** An entry of the catalogue from its text. Throws if it is not valid. */
export function fileOf(text: unknown): FileRecord | undefined {
  if (typeof text !== 'string') return undefined;
  const file = parsed(text);
  return currentRecord(checked({ ...file, sha256: file['sha256'] }, fileSchema, 'file', file['fileId']));
}

function parsed(text: string | undefined): Record<string, unknown> {
  try {
    return jsonObject.safeParse(JSON.parse(text ?? '')).data ?? {};
  } catch {
    return {};
  }
}

const numberOf = (text: string | undefined) => (text ? Number(text) : undefined);

function checked<T>(value: object, schema: z.ZodType<T>, kind: string, id: unknown): T {
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  const fields = new Set(error.issues.map(({ path }) => String(path[0])));
  throw new Error(`Redis holds a ${kind} that is not valid (${String(id)}: ${[...fields].join(', ')})`);
}
