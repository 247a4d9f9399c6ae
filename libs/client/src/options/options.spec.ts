import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { createNodeUploadClient } from '../node.js';
import { LONGEST_TIMER_MS } from '../state/longest-timer.js';
import { clientOf, contentOf } from '../testing/client-of.js';
import { FakeGateway } from '../testing/fake-gateway.js';
import { UploadControls } from '../upload-controls.js';
import { CLIENT_OPTIONS, resolveClientOptions, type UploadClientOptions } from './client-options.js';
import type { OptionTable } from './option-table.js';
import { resolveUploadOptions, UPLOAD_OPTIONS, type UploadOptions } from './upload-options.js';

const MIB = 1024 * 1024;

describe('the options of a client', () => {
  it('have defaults, also if they are given as undefined', () => {
    const defaults = {
      path: '/upload-streams',
      concurrency: 3,
      minRetryDelayMs: 100,
      maxRetryDelayMs: 10_000,
      ackTimeoutMs: 8_000,
      maxAttempts: 20,
      idleTimeoutMs: 5_000,
      tokenTimeoutMs: 10_000,
    };
    expect(resolveClientOptions({})).toEqual(defaults);
    expect(resolveClientOptions({ concurrency: undefined })).toMatchObject({ concurrency: 3 });
  });

  it.each<[keyof UploadClientOptions, number, number]>([
    ['concurrency', 1, 1000],
    ['minRetryDelayMs', 0, LONGEST_TIMER_MS],
    ['maxRetryDelayMs', 0, LONGEST_TIMER_MS],
    ['ackTimeoutMs', 1, LONGEST_TIMER_MS],
    ['maxAttempts', 1, 1_000_000],
    ['idleTimeoutMs', 0, LONGEST_TIMER_MS],
    ['tokenTimeoutMs', 1, LONGEST_TIMER_MS],
  ])('take %s from %d to %d, whole numbers only', (name, lowest, highest) => {
    for (const value of [lowest, highest])
      expect(resolveClientOptions({ [name]: value })).toMatchObject({ [name]: value });
    for (const value of [lowest - 1, highest + 1, lowest + 0.5, NaN, Infinity, '5']) {
      expect(() => resolveClientOptions({ [name]: value })).toThrow(
        `UploadClient: ${name} must be a whole number from`,
      );
    }
  });

  it.each(['http://localhost:3000', 'https://files.example', 'https://files.example/', 'wss://files.example'])(
    'take the url %s',
    (url) => {
      expect(resolveClientOptions({ url })).toMatchObject({ url });
    },
  );

  it.each(['', 'localhost:3000', 'ftp://files.example', 'https://files.example/uploads'])(
    'refuse the url "%s"',
    (url) => {
      expect(() => resolveClientOptions({ url })).toThrow('url must be an origin');
    },
  );

  it('refuse a path without a slash, and a token that is neither a text nor a function', () => {
    expect(() => resolveClientOptions({ path: 'socket.io' })).toThrow('path must be a path');
    expect(() => resolveClientOptions({ token: 5 as unknown as string })).toThrow('token must be a text or a function');
  });

  it('name every option that can not be used, but no text, which may be a secret', () => {
    const wrong = { concurrency: 0, url: 'https://secret@x/y', ackTimeoutMs: -1 };
    expect(() => resolveClientOptions(wrong)).toThrow(
      new RangeError(
        'UploadClient: url must be an origin such as http://localhost:3000; ' +
          'concurrency must be a whole number from 1 to 1000, not 0; ' +
          'ackTimeoutMs must be a whole number from 1 to 2147483647 (ms), not -1',
      ),
    );
  });

  it('are checked when a client is created', () => {
    expect(() => createNodeUploadClient({ url: 'http://127.0.0.1:1', concurrency: 0 })).toThrow('concurrency');
    expect(() => createNodeUploadClient({} as { url: string })).toThrow('url must be set');
  });
});

describe('the options of an upload', () => {
  it('take each of its kind', () => {
    const options: UploadOptions = {
      sessionID: 's',
      fileName: '',
      type: 'text/plain',
      size: 0,
      metadata: { album: 'summer' },
      controls: new UploadControls(),
      handle: { getFile: () => Promise.reject(new Error('unused')) },
      signal: AbortSignal.abort(),
      giveUpAfterMs: Infinity,
      streamBufferBytes: MIB,
    };
    expect(resolveUploadOptions(options)).toEqual(options);
  });

  it('have defaults', () => {
    expect(resolveUploadOptions({})).toEqual({ giveUpAfterMs: Infinity, streamBufferBytes: 64 * MIB });
  });

  it.each<[keyof UploadOptions, unknown]>([
    ['sessionID', 5],
    ['fileName', 5],
    ['type', 5],
    ['size', -1],
    ['size', 1.5],
    ['metadata', { album: 5 }],
    ['metadata', 'summer'],
    ['controls', {}],
    ['handle', {}],
    ['signal', {}],
    ['giveUpAfterMs', -1],
    ['giveUpAfterMs', NaN],
    ['giveUpAfterMs', '5'],
    ['streamBufferBytes', MIB - 1],
    ['streamBufferBytes', Infinity],
  ])('refuse %s as %p', (name, value) => {
    expect(() => resolveUploadOptions({ [name]: value })).toThrow(`upload: ${name} must be`);
  });

  it('are checked before anything is sent', async () => {
    const gateway = new FakeGateway();
    const wrong = { giveUpAfterMs: -1 };
    expect(() => clientOf(gateway).upload(contentOf(1), wrong)).toThrow(RangeError);
    await expect(clientOf(gateway).uploadToEnd(contentOf(1), wrong)).rejects.toThrow('giveUpAfterMs');
    expect(gateway.users).toBe(0);
  });
});

describe.each<[string, OptionTable]>([
  ['client-options.ts', CLIENT_OPTIONS],
  ['upload-options.ts', UPLOAD_OPTIONS],
])('the comments in %s', (file, table) => {
  const source = readFileSync(new URL(file, import.meta.url), 'utf8');

  it.each(Object.entries(table))('name the default of %s', (name, { default: value }) => {
    const [, comment = ''] = new RegExp(`/\\*\\*((?:(?!\\*/).)*)\\*/\\s*${name}[:,]`, 's').exec(source) ?? [];
    const named = /@default ([^;\n]*?)\s*(?:;|\n|$)/.exec(comment)?.[1] ?? '';
    const written = named.replaceAll('_', '').replace(/^(\d+) MiB$/, (_, mib) => String(Number(mib) * MIB));
    if (value === undefined) expect(named).not.toBe('');
    else expect(written.replaceAll("'", '')).toBe(String(value));
  });
});
