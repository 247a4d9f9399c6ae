import { describe, expect, it } from '@jest/globals';
import { freeBytes } from './free-bytes.js';

const KIB = 1024;

describe('freeBytes', () => {
  it('frees bytes that have their buffer to themselves', () => {
    const bytes = new Uint8Array(64 * KIB);
    freeBytes(bytes);
    expect(bytes.length).toBe(0);
  });

  it('leaves bytes alone that share their buffer', () => {
    const whole = new Uint8Array(128 * KIB);
    freeBytes(whole.subarray(0, 64 * KIB));
    expect(whole.length).toBe(128 * KIB);
  });

  it.each([0, 100])('leaves %d bytes alone, because small buffers may be shared', (size) => {
    const bytes = new Uint8Array(size);
    freeBytes(bytes);
    expect(bytes.buffer.detached).toBe(false);
  });

  it('does nothing on a platform that cannot detach buffers', () => {
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
