import { describe, expect, it } from '@jest/globals';
import { mayPass } from './s3-errors.js';

const answer = (httpStatusCode?: number, name = 'Error') =>
  Object.assign(new Error(name), { name, ...(httpStatusCode && { $metadata: { httpStatusCode } }) });

describe('mayPass', () => {
  it.each([
    answer(500),
    answer(503, 'SlowDown'),
    answer(429),
    answer(400, 'RequestTimeout'),
    answer(undefined, 'ECONNRESET'),
  ])('is true where a repetition may succeed: %p', (error) => {
    expect(mayPass(error)).toBe(true);
  });

  it.each([answer(403, 'AccessDenied'), answer(404, 'NoSuchKey'), answer(400, 'InvalidRequest'), answer(501)])(
    'is false where it would fail again: %p',
    (error) => {
      expect(mayPass(error)).toBe(false);
    },
  );
});
