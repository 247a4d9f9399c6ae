/** Bytes of an unfinished upload that no part has yet, in an object of their own: from `start` up to, and without, `end`. */
export interface Piece {
  readonly start: number;
  readonly end: number;
}

export const PIECES = 'pieces/';
export const FILES = 'files/';
/** Names what was set aside, and when: the bytes stay where they are, since an upload in parts can't be moved. */
export const QUARANTINE = 'quarantine/';
/** What the catalogue knows of each file, once more. */
export const RECORDS = 'records/';
/** Holds the random ID of the store. */
export const IDENTITY = 'upload-streams-store-id';

export const fileKey = (fileId: string): string => FILES + fileId;

export const quarantinePrefix = (fileId: string): string => `${QUARANTINE}${fileId}/`;

export const piecesPrefix = (fileId: string): string => `${PIECES}${fileId}/`;

/** Both ends are in the key: who writes another piece from the same start on does not write over this one. */
export const pieceKey = (fileId: string, { start, end }: Piece): string => `${piecesPrefix(fileId)}${start}-${end}`;

export function pieceOf(key: string): Piece | undefined {
  const [, start, end] = /\/(\d+)-(\d+)$/.exec(key) ?? [];
  return start === undefined ? undefined : { start: Number(start), end: Number(end) };
}

/** Of `files/<fileId>` and of `pieces/<fileId>/...`. */
export const fileIdOf = (key: string): string => key.split('/')[1] ?? '';
