import { describe, expect, it } from '@jest/globals';
import { ERROR_CODES, UploadError } from '@upload-streams/protocol';
import { ERROR_SENTENCES, errorSentence } from './error-sentences';

describe('the error sentences', () => {
  it('are there for exactly the codes of the catalogue', () => {
    expect(Object.keys(ERROR_SENTENCES).sort()).toEqual([...ERROR_CODES].sort());
  });

  it.each([...ERROR_CODES])('say what happened and what to do about %s, even without details', (code) => {
    const { what, advice } = errorSentence(new UploadError(code));
    for (const sentence of [what, advice]) {
      expect(sentence).toMatch(/^[A-Z].{10,}\.$/);
      expect(sentence).not.toMatch(/undefined|NaN|[A-Z]{2,}_/);
    }
  });

  it('name the largest size in units that people use', () => {
    const { advice } = errorSentence(new UploadError('FILE_TOO_LARGE', { maxBytes: 5_000_000_000 }));
    expect(advice).toBe('At most 5 GB are allowed.');
  });

  it('do not blame the network for a server that has no gateway', () => {
    const { what } = errorSentence(new UploadError('WEBSOCKET_BLOCKED', { status: 404 }));
    expect(what).toBe('There is no upload server at this address.');
  });

  it('pass on the reason of a refusal', () => {
    const { advice } = errorSentence(new UploadError('UPLOAD_REFUSED', { reason: 'only invoices' }));
    expect(advice).toContain('only invoices');
  });
});
