/** What keys begin with, after the prefix of the options. They are the layout of the bucket: to change one loses objects. */
export const FILES = 'files/';
/** Tail objects and checkpoints of unfinished uploads. */
export const TAILS = 'pieces/';
/** Names of what is in quarantine, and since when: the bytes stay where they are, since parts of an upload can't be moved. */
export const QUARANTINE = 'quarantine/';
/** What the catalogue knows of each file. */
export const RECORDS = 'records/';
/** Holds the random ID of the store. */
export const IDENTITY = 'upload-streams-store-id';

export const fileKey = (fileId: string): string => FILES + fileId;

export const tailsPrefix = (fileId: string): string => `${TAILS}${fileId}/`;

export const quarantineKey = (fileId: string, since: number): string => `${QUARANTINE}${fileId}/${since}`;

/** The file ID in `files/<fileId>`, `pieces/<fileId>/...` and `records/<fileId>`. */
export const fileIdOf = (key: string): string => key.split('/')[1] ?? '';
