import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { refuse, unwrap } from './acks.js';
import { ERROR_CODES, ERRORS } from './errors.js';
import { isUploadError, UploadError } from './upload-error.js';

describe('UploadError', () => {
  it('survives the wire with its code, recovery and details', () => {
    const sent = new UploadError('OFFSET_MISMATCH', { offset: 42 });
    const received = UploadError.fromBody(JSON.parse(JSON.stringify(sent.toBody())));
    expect(received).toMatchObject({ code: 'OFFSET_MISMATCH', recovery: 'resync', details: { offset: 42 } });
    expect(received.message).toContain('42');
  });

  it('turns unknown errors into INTERNAL and leaks nothing of them', () => {
    const secret = new Error('password=hunter2');
    expect(JSON.stringify(refuse(secret))).not.toContain('hunter2');
    expect(UploadError.from(secret)).toMatchObject({ code: 'INTERNAL', cause: secret });
  });

  it.each([undefined, null, 'text', { code: 'toString' }, { code: 'FROM_THE_FUTURE' }])(
    'reads the body %j of another version as INTERNAL',
    (body) => expect(UploadError.fromBody(body).code).toBe('INTERNAL'),
  );

  it('is thrown by unwrap for a refused ack', () => {
    expect(() => unwrap(refuse(new UploadError('STORAGE_FULL')))).toThrow(
      expect.objectContaining({ code: 'STORAGE_FULL' }) as unknown as Error,
    );
    expect(isUploadError(new UploadError('STORAGE_FULL'), 'STORAGE_FULL')).toBe(true);
  });
});

describe('the catalogue', () => {
  const documented = [
    ...readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8').matchAll(/^### `([A-Z_]+)`$/gm),
  ].map(([, code]) => code);

  it('has the same codes as docs/errors.md', () => {
    expect([...documented].sort()).toEqual([...ERROR_CODES].sort());
  });

  it.each([...ERROR_CODES])('has a sentence for %s even without details', (code) => {
    expect(ERRORS[code].message({}).length).toBeGreaterThan(10);
  });
});
