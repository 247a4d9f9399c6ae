import { describe, expect, it } from '@jest/globals';
import { checkFileName } from './file-name.js';

describe('checkFileName', () => {
  it.each([
    'report.pdf',
    '.gitignore',
    'a'.repeat(255),
    'con.txt',
    'a:b.txt',
    'многоязычный 文件.txt',
    'name with  spaces ',
    'a\\b.txt',
    'tab\there',
    'a\nb',
    'next line \u0085',
    'evil\u202Etxt.exe',
  ])('takes %j as it is', (fileName) => expect(checkFileName(fileName)).toBe(fileName));

  it('takes both Unicode forms of a name for the same', () => {
    const composed = 'Übung.txt';
    expect(checkFileName(composed.normalize('NFD'))).toBe(composed.normalize('NFC'));
  });

  it('replaces half of a surrogate pair, as stores do', () => {
    expect(checkFileName('a\uD83D.txt')).toBe('a\uFFFD.txt');
  });

  it('takes no time for a name that is slow to compose', () => {
    const marks = '\u0300'.repeat(40_000) + '\u0316'.repeat(40_000);
    const { user } = process.cpuUsage();
    expect(() => checkFileName(`a${marks}`)).toThrow('255 characters');
    expect(process.cpuUsage().user - user).toBeLessThan(50_000);
  });

  it.each([
    ['', 'empty'],
    ['.', 'dots'],
    ['..', 'dots'],
    ['....', 'dots'],
    [' . ', 'dots'],
    ['../secret', 'slash'],
    ['a/b', 'slash'],
    ['a\u0000.txt', 'NUL'],
    ['\n', 'empty'],
    ['a'.repeat(1021), '255 characters'],
    ['a'.repeat(300), '255 characters'],
  ])('refuses %j and says why', (fileName, problem) => {
    expect(() => checkFileName(fileName)).toThrow(
      expect.objectContaining({
        code: 'FILE_NAME_INVALID',
        message: expect.stringContaining(problem),
      }) as unknown as Error,
    );
  });
});
