import { createHmac, timingSafeEqual } from 'node:crypto';
import type { FileRecord } from '../contracts/records.js';

/** How long a link without a credential leads to its file, in milliseconds: long enough to resume a download of hours. */
const VALID_MS = 6 * 60 * 60 * 1000;

/** What a link says so that it leads to one file for some time, for everybody who has it. */
export interface DownloadGrant {
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  readonly signature: string;
}

/**
 * The session ID of the upload signs the grant: only the uploader and the gateways know it, it is random (at least 128
 * bits), and it is kept with the file. So the gateways need no common secret, and deleting the file ends all its grants.
 */
export function grantDownload(file: Pick<FileRecord, 'fileId' | 'sessionID'>, now = Date.now()): DownloadGrant {
  const expiresAt = now + VALID_MS;
  return { expiresAt, signature: signatureOf(file, expiresAt).toString('base64url') };
}

export function isGranted(
  file: Pick<FileRecord, 'fileId' | 'sessionID'>,
  { expiresAt, signature }: DownloadGrant,
  now = Date.now(),
): boolean {
  const given = Buffer.from(signature, 'base64url');
  const right = signatureOf(file, expiresAt);
  return now < expiresAt && given.length === right.length && timingSafeEqual(given, right);
}

function signatureOf({ fileId, sessionID }: Pick<FileRecord, 'fileId' | 'sessionID'>, expiresAt: number): Buffer {
  return createHmac('sha256', sessionID).update(`download ${fileId} until ${expiresAt}`).digest();
}
