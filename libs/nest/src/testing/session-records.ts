import type { FileRecord, SessionRecord } from '../contracts/records.js';

/** The record of an upload of ten bytes by Alice; another number is another upload. */
export const sessionOf = (number: number, changes: Partial<SessionRecord> = {}): SessionRecord => ({
  sessionID: `session-${String(number).padStart(14, '0')}`,
  resumable: true,
  owner: 'alice',
  fileId: `file${number}`,
  requestedName: 'a.txt',
  fileName: 'A.txt',
  size: 10,
  type: 'text/plain',
  metadata: { album: 'Summer' },
  epoch: 1,
  checkpoint: { offset: 0, crc32: 0 },
  updatedAt: 1_000 + number,
  completed: false,
  ...changes,
});

/** The entry that it becomes. */
export const fileOf = ({ sessionID, fileId, owner, fileName, type, metadata }: SessionRecord): FileRecord => ({
  sessionID,
  fileId,
  owner,
  fileName,
  type,
  metadata,
  size: 10,
  crc32: 0xffffffff,
  sha256: 'ab'.repeat(32),
  createdAt: 5_000,
});
