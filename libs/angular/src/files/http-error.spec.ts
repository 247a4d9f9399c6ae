import { HttpErrorResponse } from '@angular/common/http';
import { describe, expect, it } from '@jest/globals';
import { uploadErrorOf } from './http-error';

describe('the error of a failed request', () => {
  it('is a lost connection where there was no answer', () => {
    expect(uploadErrorOf(new HttpErrorResponse({ status: 0 })).code).toBe('CONNECTION_LOST');
  });

  it('is the one that the server named', () => {
    const body = { error: { code: 'FILE_TOO_LARGE', details: { maxBytes: 7 } } };
    expect(uploadErrorOf(new HttpErrorResponse({ status: 413, error: body }))).toMatchObject({
      code: 'FILE_TOO_LARGE',
      details: { maxBytes: 7 },
    });
  });

  it.each(['<html>Bad gateway</html>', null, { message: 'Not Found' }, { error: { code: 'FROM_THE_FUTURE' } }])(
    'is INTERNAL if the answer %j is not ours',
    (error) => expect(uploadErrorOf(new HttpErrorResponse({ status: 502, error })).code).toBe('INTERNAL'),
  );
});
