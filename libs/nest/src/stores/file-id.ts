import { randomBytes } from 'node:crypto';

const FILE_ID = /^[0-9a-f]{32}$/;

/** Names the bytes of an upload in the store, and the file once it is complete: 128 random bits in hexadecimal digits. */
export const newFileId = (): string => randomBytes(16).toString('hex');

/** Whether a name may be a file ID of this program. Whatever has another name is never moved or removed. */
export const isFileId = (name: string): boolean => FILE_ID.test(name);
