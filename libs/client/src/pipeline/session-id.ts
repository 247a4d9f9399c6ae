import { SESSION_ID_LENGTH } from '@upload-streams/protocol';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-';

/** A new session ID. It comes from the cryptographic random source, because whoever knows it may continue the upload. */
export function newSessionID(): string {
  const random = crypto.getRandomValues(new Uint8Array(SESSION_ID_LENGTH));
  return Array.from(random, (byte) => ALPHABET[byte & 63]).join('');
}
