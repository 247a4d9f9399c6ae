import { describe, expect, it } from '@jest/globals';
import { beginUploadSchema, originalBeginSchema, originalChunkSchema, uploadChunkSchema } from './payloads.js';

const sessionID = 'abcdefghijklmnopqrstuv';
const begin = { protocol: 1, sessionID, fileName: 'a.txt', size: 3 };
const chunk = Buffer.from('abc');

describe('begin_upload', () => {
  it.each([
    ['a known size', begin],
    ['a live stream of unknown size', { ...begin, size: undefined }],
    ['a small file in the same message', { ...begin, chunk, crc32: 1, last: true, fileCrc32: 1 }],
    ['metadata', { ...begin, metadata: { album: 'Summer' } }],
  ])('accepts %s', (_, payload) => {
    expect(beginUploadSchema.safeParse(payload).success).toBe(true);
  });

  it.each([
    ['another protocol', { ...begin, protocol: 2 }],
    ['a session ID of 20 characters', { ...begin, sessionID: sessionID.slice(0, 20) }],
    ['a session ID with a slash', { ...begin, sessionID: `../${sessionID}` }],
    ['a negative size', { ...begin, size: -1 }],
    ['a size with a fraction', { ...begin, size: 1.5 }],
    ['a size beyond 2^53', { ...begin, size: 2 ** 53 }],
    ['a chunk without its checksum', { ...begin, chunk }],
    ['a last chunk without the checksum of the file', { ...begin, chunk, crc32: 1, last: true }],
    [
      'too much metadata',
      { ...begin, metadata: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`k${i}`, 'v'])) },
    ],
    ['no file name', { ...begin, fileName: undefined }],
    ['nothing', undefined],
  ])('refuses %s', (_, payload) => {
    expect(beginUploadSchema.safeParse(payload).success).toBe(false);
  });
});

describe('upload_chunk', () => {
  const payload = { offset: 0, chunk, crc32: 0xffffffff, last: false };

  it('accepts binary data with its offset and checksum', () => {
    expect(uploadChunkSchema.safeParse(payload).success).toBe(true);
  });

  it.each([
    ['text in place of bytes', { ...payload, chunk: 'abc' }],
    ['a signed checksum', { ...payload, crc32: -1 }],
    ['a last chunk without the checksum of the file', { ...payload, last: true }],
    ['no offset', { ...payload, offset: undefined }],
  ])('refuses %s', (_, bad) => {
    expect(uploadChunkSchema.safeParse(bad).success).toBe(false);
  });
});

describe('the original workflow', () => {
  it('begins with the session ID alone', () => {
    expect(originalBeginSchema.parse(sessionID).sessionID).toBe(sessionID);
  });

  it('accepts a last chunk without bytes', () => {
    expect(originalChunkSchema.parse({ last: true })).toEqual({ chunk: new Uint8Array(0), last: true });
  });
});
