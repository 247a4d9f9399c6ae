import { shownName } from './shown-name';
import { describe, expect, it } from '@jest/globals';
import { formatBytes } from './format-bytes.pipe';
import { formatDuration } from './format-duration.pipe';
import { FormatTimestampPipe } from './format-timestamp.pipe';

describe('sizes', () => {
  it.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [999, '999 bytes'],
    [1000, '1 kB'],
    [1536, '1.5 kB'],
    [99_960, '100 kB'],
    [999_499, '999 kB'],
    [999_960, '1 MB'],
    [3_145_728, '3.1 MB'],
    [5 * 1024 ** 3, '5.4 GB'],
    [2 ** 53, '9 PB'],
  ])('writes %d bytes as %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));
});

describe('durations', () => {
  it.each([
    [0.2, '1 s'],
    [59.4, '1 min'],
    [61, '1 min 1 s'],
    [3600, '1 h'],
    [3600 * 25, '1 d 1 h'],
    [3600 * 3 + 61, '3 h 1 min'],
  ])('writes %d seconds as %s', (seconds, text) => expect(formatDuration(seconds)).toBe(text));
});

describe('timestamps', () => {
  it('are empty for what is no date', () => expect(new FormatTimestampPipe().transform('soon')).toBe(''));

  it('name the year', () => expect(new FormatTimestampPipe().transform('2026-05-04T12:00:00Z')).toContain('2026'));
});

describe('shownName', () => {
  it.each(['\u202A', '\u202B', '\u202C', '\u202D', '\u202E', '\u2066', '\u2067', '\u2068', '\u2069'])(
    'shows the control %j as a character that can not be shown',
    (control) => expect(shownName(`a${control}b${control}`)).toBe('a\uFFFDb\uFFFD'),
  );

  it('leaves names of all scripts alone', () => {
    for (const name of ['חשבונית.pdf', 'فاتورة.pdf', 'Überweisung (1).pdf']) expect(shownName(name)).toBe(name);
  });
});
