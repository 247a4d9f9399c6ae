import type { FileRecord, SessionRecord } from '../../contracts/records.js';

/** A row of a table, by the names of its columns. */
export type Row = Record<string, string | number | null>;

/** The column `protocol` stores `resumable`: 1, or 0 for clients of the original workflow, which cannot resume. */
export function sessionRow({ checkpoint, metadata, size, completed, resumable, ...facts }: SessionRecord): Row {
  return {
    ...facts,
    protocol: resumable ? 1 : 0,
    size: size ?? null,
    metadata: JSON.stringify(metadata),
    checkpointOffset: checkpoint.offset,
    checkpointCrc32: checkpoint.crc32,
    completed: completed ? 1 : 0,
  };
}

export function sessionOf(row: Row | undefined): SessionRecord | undefined {
  if (!row) return undefined;
  const { checkpointOffset, checkpointCrc32, metadata, size, completed, protocol, ...facts } = row;
  return {
    ...facts,
    resumable: protocol === 1,
    size: size ?? undefined,
    metadata: JSON.parse(metadata as string),
    checkpoint: { offset: checkpointOffset, crc32: checkpointCrc32 },
    completed: completed === 1,
  } as SessionRecord;
}

/** The column `sha256` must not be null, so it is an empty text if SHA-256 is left out. */
export function fileRow({ metadata, sha256, ...facts }: FileRecord): Row {
  return { ...facts, sha256: sha256 ?? '', metadata: JSON.stringify(metadata) };
}

export function fileOf(row: Row | undefined): FileRecord | undefined {
  if (!row) return undefined;
  const { number: _, metadata, sha256, ...facts } = row;
  return { ...facts, sha256: sha256 || undefined, metadata: JSON.parse(metadata as string) } as unknown as FileRecord;
}
