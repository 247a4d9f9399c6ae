import { UploadError, type CompletedUpload, type ErrorCode } from '@upload-streams/protocol';
import type { ResumeRecord } from '../ports/resume-store.js';
import type { UploadFacts, UploadState, UploadStatus } from '../state/upload-state.js';

export const SESSION_ID = 'session_0123456789abcdef';

const FACTS: UploadFacts = {
  sessionID: SESSION_ID,
  fileName: 'photo.jpg',
  size: 1000,
  uploaded: 0,
  bytesPerSecond: undefined,
  secondsLeft: undefined,
};

const FILE: CompletedUpload = { fileId: 'f', fileName: 'photo.jpg', size: 1000, type: '', crc32: 1, url: '/f' };

/** States of an upload of `photo()`. */
export const states = {
  plain: (status: Exclude<UploadStatus, 'waiting' | 'completed' | 'failed'>, facts: Partial<UploadFacts> = {}) =>
    ({ ...FACTS, ...facts, status }) satisfies UploadState,
  completed: (): UploadState => ({ ...FACTS, uploaded: 1000, status: 'completed', file: FILE }),
  failed: (code: ErrorCode): UploadState => ({ ...FACTS, status: 'failed', error: new UploadError(code) }),
};

export const photo = (): File => new File([new Uint8Array(1000)], 'photo.jpg', { type: 'image/jpeg', lastModified: 1 });

/** The record of an upload of `photo()` that stopped halfway. */
export const record = (changes: Partial<ResumeRecord> = {}): ResumeRecord => ({
  sessionID: SESSION_ID,
  fileName: 'photo.jpg',
  size: 1000,
  lastModified: 1,
  type: 'image/jpeg',
  uploaded: 500,
  updatedAt: Date.now(),
  ...changes,
});
