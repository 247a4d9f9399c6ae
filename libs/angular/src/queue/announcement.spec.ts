import { describe, expect, it } from '@jest/globals';
import { photo, states } from '../testing/states';
import { announcement } from './announcement';

describe('the announcement', () => {
  const completed = (name: string) => ({ file: photo(name), state: states.completed() });

  it('names a single file', () => {
    expect(announcement([completed('a.jpg')])).toBe('a.jpg uploaded successfully.');
  });

  it('counts several files', () => {
    expect(announcement([completed('a.jpg'), completed('b.jpg')])).toBe('2 files uploaded successfully.');
  });

  it('names what failed, and why, beside what completed', () => {
    const failed = { file: photo('c.jpg'), state: states.failed('STORAGE_FULL') };
    expect(announcement([completed('a.jpg'), failed])).toBe(
      'a.jpg uploaded successfully. c.jpg failed: The server has no room left for this file.',
    );
  });

  it('says what was cancelled', () => {
    expect(announcement([{ file: photo('a.jpg'), state: states.plain('cancelled') }])).toBe('a.jpg cancelled.');
  });
});
