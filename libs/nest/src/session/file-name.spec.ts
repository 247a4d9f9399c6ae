import { describe, expect, it } from '@jest/globals';
import { checkedFileName } from './file-name.js';

describe('checkedFileName', () => {
  it.each([
    'report.pdf',
    '.gitignore',
    'a'.repeat(255),
    'con.txt',
    'a:b.txt',
    'многоязычный 文件.txt',
    'name with  spaces ',
  ])('takes %j as it is', (fileName) => expect(checkedFileName(fileName)).toBe(fileName));

  it('takes both Unicode forms of a name for the same', () => {
    const composed = 'Übung.txt';
    expect(checkedFileName(composed.normalize('NFD'))).toBe(composed.normalize('NFC'));
  });

  it.each([
    ['', 'empty'],
    ['.', 'dots'],
    ['..', 'dots'],
    ['....', 'dots'],
    [' . ', 'dots'],
    ['../secret', 'slash'],
    ['a/b', 'slash'],
    ['..\\secret', 'backslash'],
    ['a\u0000.txt', 'control'],
    ['a\nb', 'control'],
    ['a'.repeat(300), '255 characters'],
  ])('refuses %j and says why', (fileName, problem) => {
    expect(() => checkedFileName(fileName)).toThrow(
      expect.objectContaining({
        code: 'FILE_NAME_INVALID',
        message: expect.stringContaining(problem),
      }) as unknown as Error,
    );
  });
});
