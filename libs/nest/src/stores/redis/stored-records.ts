import type { FileRecord, SessionRecord } from '../../contracts/records.js';
import { currentRecord } from '../file-record.js';

type Check = (value: unknown) => boolean;
type Shape<T> = Readonly<Record<keyof T, Check>>;

const isText: Check = (value) => typeof value === 'string';
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isTexts: Check = (value) => isObject(value) && Object.values(value).every(isText);
const isOwner: Check = (value) => value === null || isText(value);

const SESSION: Shape<SessionRecord> = {
  sessionID: isText,
  protocol: (value) => value === 0 || value === 1,
  owner: isOwner,
  fileId: isText,
  requestedName: isText,
  fileName: isText,
  size: (value) => value === undefined || isCount(value),
  type: isText,
  metadata: isTexts,
  epoch: isCount,
  checkpoint: (value) =>
    isObject(value) && 'offset' in value && 'crc32' in value && Object.values(value).every(isCount),
  updatedAt: isCount,
  completed: (value) => typeof value === 'boolean',
};

const FILE: Shape<FileRecord> = {
  fileId: isText,
  sessionID: isText,
  owner: isOwner,
  fileName: isText,
  size: isCount,
  type: isText,
  crc32: isCount,
  sha256: (value) => value === undefined || isText(value),
  metadata: isTexts,
  createdAt: isCount,
};

/** Redis gives a script's hash as names and values by turns. */
export function hashOf(fields: unknown): Readonly<Record<string, string>> {
  const list = Array.isArray(fields) ? (fields as string[]) : [];
  return Object.fromEntries(list.flatMap((name, index) => (index % 2 === 0 ? [[name, list[index + 1]!]] : [])));
}

/**
 * A session of its hash: what never changes is in `record`, as it was created; the other fields say what became of it.
 * Throws where it makes no sense: another program, or another version, wrote it.
 */
export function sessionOf(fields: Readonly<Record<string, string>>): SessionRecord | undefined {
  const { record, epoch, offset, crc32, updatedAt, completed } = fields;
  if (Object.keys(fields).length === 0) return undefined;
  const created = parsed(record);
  const session = {
    ...created,
    // JSON leaves out what is undefined.
    size: created['size'],
    epoch: numberOf(epoch),
    checkpoint: { offset: numberOf(offset), crc32: numberOf(crc32) },
    updatedAt: numberOf(updatedAt),
    completed: completed === '1',
  };
  return checked<SessionRecord>(session, SESSION, 'session', created['sessionID']);
}

/** An entry of the catalogue. Throws where it makes no sense. */
export function fileOf(text: unknown): FileRecord | undefined {
  if (typeof text !== 'string') return undefined;
  const file = parsed(text);
  return currentRecord(checked<FileRecord>(file, FILE, 'file', file['fileId']));
}

function parsed(text: string | undefined): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return isObject(value) ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

const numberOf = (text: string | undefined) => (text ? Number(text) : undefined);

function checked<T>(value: Record<string, unknown>, shape: Shape<T>, kind: string, id: unknown): T {
  const wrong = (Object.keys(shape) as (keyof T & string)[]).filter((name) => !shape[name](value[name]));
  if (wrong.length === 0) return value as T;
  throw new Error(`Redis holds a ${kind} that makes no sense (${String(id)}: ${wrong.join(', ')})`);
}
