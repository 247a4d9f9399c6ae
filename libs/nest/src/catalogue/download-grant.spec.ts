import { describe, expect, it } from '@jest/globals';
import { grantDownload, isGranted } from './download-grant.js';

const FILE = { fileId: 'f1', sessionID: 's'.repeat(22) };
const HOUR_MS = 3_600_000;

describe('a download grant', () => {
  it('leads to its file until it expires', () => {
    const grant = grantDownload(FILE, 0);
    expect(grant.expiresAt).toBe(6 * HOUR_MS);
    expect(isGranted(FILE, grant, 0)).toBe(true);
    expect(isGranted(FILE, grant, 6 * HOUR_MS - 1)).toBe(true);
    expect(isGranted(FILE, grant, 6 * HOUR_MS)).toBe(false);
  });

  it('leads to no other file, and not longer than it says', () => {
    const grant = grantDownload(FILE, 0);
    expect(isGranted({ ...FILE, fileId: 'f2' }, grant, 0)).toBe(false);
    expect(isGranted({ ...FILE, sessionID: 't'.repeat(22) }, grant, 0)).toBe(false);
    expect(isGranted(FILE, { ...grant, expiresAt: grant.expiresAt + 1 }, 0)).toBe(false);
    expect(isGranted(FILE, { ...grant, expiresAt: Infinity }, 0)).toBe(false);
    expect(isGranted(FILE, { ...grant, expiresAt: Number.NaN }, 0)).toBe(false);
  });

  it.each(['', 'x', '%', 'é'.repeat(100), 'A'.repeat(43), 'A'.repeat(1_000_000)])('is not %#', (signature) => {
    expect(isGranted(FILE, { expiresAt: 10, signature }, 0)).toBe(false);
  });
});
