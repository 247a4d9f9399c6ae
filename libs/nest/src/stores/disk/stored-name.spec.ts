import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { basename, join } from 'node:path';
import { storedNameOf } from './stored-name.js';

describe('storedNameOf', () => {
  it.each([
    ['report.pdf', 'report.pdf'],
    ['Übersicht – März.txt', 'Übersicht – März.txt'],
    ['../../etc/passwd', '.._.._etc_passwd'],
    ['a:b*c?.txt', 'a_b_c_.txt'],
    ['CON', '_'],
    ['nul.txt', '_'],
    ['trailing dots...', 'trailing dots_'],
    ['..', '_'],
    ['a\tb\nc\u0085d\\e.txt', 'a_b_c_d_e.txt'],
    ['', '_'],
  ])('stores %j as %j', (fileName, stored) => {
    expect(storedNameOf(fileName)).toBe(stored);
  });

  it('cuts a long name before its extension, never within a character', () => {
    const stored = storedNameOf(`${'😀'.repeat(100)}.jpeg`);
    expect(stored).toMatch(/^(😀)+\.jpeg$/u);
    expect(Buffer.byteLength(stored)).toBeLessThanOrEqual(240);
  });

  it('is one part of a path, whatever a client calls its file', () => {
    const anyName = fc.string({ unit: 'binary', maxLength: 400 });
    fc.assert(
      fc.property(anyName, (fileName) => {
        const stored = storedNameOf(fileName);
        expect(basename(join('/data/files/id', stored))).toBe(stored);
        expect(Buffer.byteLength(stored)).toBeGreaterThan(0);
        expect(Buffer.byteLength(stored)).toBeLessThanOrEqual(255);
        expect(['.', '..']).not.toContain(stored);
      }),
    );
  });

  it('keeps a stored name as it is, so that a catalogue rebuilt from what is on the disk finds its files', () => {
    const troublesome = fc.constantFrom(
      '.',
      ' ',
      '..',
      '_',
      '/',
      ':',
      'con',
      'NUL.',
      'com1',
      'ü',
      '😀',
      '\uD83D',
      '\u0000',
      '\n',
    );
    const anyName = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc.array(troublesome, { maxLength: 150 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(anyName, (fileName) => {
        const stored = storedNameOf(fileName);
        expect(storedNameOf(stored)).toBe(stored);
      }),
      { numRuns: 2000 },
    );
  });
});
