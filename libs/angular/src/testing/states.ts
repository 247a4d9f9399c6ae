import type { ResumeRecord, UploadFacts, UploadState } from '@upload-streams/client';
import { UploadError, type CompletedUpload, type ErrorCode } from '@upload-streams/protocol';

export const SESSION_ID = 'session_0123456789abcdef';

const FACTS: UploadFacts = {
  sessionID: SESSION_ID,
  fileName: 'photo.jpg',
  size: 1000,
  uploaded: 0,
  bytesPerSecond: undefined,
  secondsLeft: undefined,
};

export const COMPLETED: CompletedUpload = {
  fileId: 'file-1',
  fileName: 'photo.jpg',
  size: 1000,
  type: 'image/jpeg',
  crc32: 1,
  url: '/api/files/file-1',
};

type PlainStatus = 'queued' | 'connecting' | 'hashing' | 'uploading' | 'paused' | 'verifying' | 'cancelled';

/** States as the client emits them. */
export const states = {
  plain: (status: PlainStatus, facts: Partial<UploadFacts> = {}): UploadState => ({ ...FACTS, ...facts, status }),
  waiting: (code: ErrorCode, retryInMs: number | undefined): UploadState => ({
    ...FACTS,
    status: 'waiting',
    reason: new UploadError(code),
    retryInMs,
  }),
  completed: (): UploadState => ({ ...FACTS, uploaded: 1000, status: 'completed', file: COMPLETED }),
  failed: (code: ErrorCode): UploadState => ({ ...FACTS, status: 'failed', error: new UploadError(code) }),
};

export const photo = (name = 'photo.jpg', bytes = 1000): File =>
  new File([new Uint8Array(bytes)], name, { type: 'image/jpeg', lastModified: 1 });

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

/** A file handle that asks for permission. */
export const fakeHandle = (permission: PermissionState, file: File | Error): FileSystemFileHandle =>
  ({
    kind: 'file',
    requestPermission: async () => permission,
    getFile: async () => {
      if (file instanceof Error) throw file;
      return file;
    },
  }) as unknown as FileSystemFileHandle;
