import { describe, expect, it } from '@jest/globals';
import { freeBytes } from './free-bytes.js';

const KIB = 1024;

describe('freeBytes', () => {
  it('gives back bytes that are alone in their memory', () => {
    const bytes = new Uint8Array(64 * KIB);
    freeBytes(bytes);
    expect(bytes.length).toBe(0);
  });

  it('leaves bytes alone beside which there are others', () => {
    const whole = new Uint8Array(128 * KIB);
    freeBytes(whole.subarray(0, 64 * KIB));
    expect(whole.length).toBe(128 * KIB);
  });

  it.each([0, 100])('leaves %d bytes alone, which may be shared and matter to nobody', (size) => {
    const bytes = new Uint8Array(size);
    freeBytes(bytes);
    expect(bytes.buffer.detached).toBe(false);
  });

  it('does nothing where the platform has no way to', () => {
    const { transfer } = ArrayBuffer.prototype;
    const bytes = new Uint8Array(64 * KIB);
    try {
      Object.assign(ArrayBuffer.prototype, { transfer: undefined });
      freeBytes(bytes);
    } finally {
      Object.assign(ArrayBuffer.prototype, { transfer });
    }
    expect(bytes.length).toBe(64 * KIB);
  });
});
