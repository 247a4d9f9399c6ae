import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import {
  byteCount,
  count,
  factsOf,
  flag,
  MIB,
  milliseconds,
  oneOf,
  rangeText,
  resolveOptions,
  text,
} from './option-schema.js';
import { uploadHttpOptionsSchema } from './http/upload-http-options.js';
import { uploadMetricsOptionsSchema } from './metrics/upload-metrics-options.js';
import { redisOptionsSchema } from './stores/redis/redis-options.js';
import { resolveS3Options, s3OptionsSchema } from './stores/s3/s3-options.js';
import { uploadHealthOptionsSchema } from './terminus/upload-health.module.js';
import { requireDataDir, resolveUploadOptions, uploadOptionsSchema } from './upload-options.js';

const schema = z.object({
  name: text(),
  size: byteCount(1, 10).default(4).describe('A size.'),
  pause: milliseconds(0).default(5),
  retries: count(0, 3).optional(),
  mode: oneOf(['fast', 'safe']).default('safe'),
  quiet: flag().default(false),
});

describe('options', () => {
  const resolve = (options: object) => resolveOptions('Thing', schema, options as z.input<typeof schema>);

  it('are refused if there is no such option: a mistyped limit would not hold', () => {
    expect(() => resolve({ name: 'x', sise: 4 })).toThrow('Thing: there is no option sise');
  });

  it('get their defaults, also in place of what is undefined', () => {
    expect(resolve({ name: 'x', size: undefined })).toEqual({
      name: 'x',
      size: 4,
      pause: 5,
      mode: 'safe',
      quiet: false,
    });
  });

  it.each([
    [{ size: 11 }, 'Thing: size must be a whole number from 1 to 10 (bytes), not 11'],
    [{ size: '4' }, 'Thing: size must be a whole number from 1 to 10 (bytes), not a string'],
    [{ size: Number.NaN }, 'Thing: size must be a whole number from 1 to 10 (bytes), not NaN'],
    [{ pause: -1 }, 'Thing: pause must be a whole number of at least 0 (ms), not -1'],
    [{ retries: 0.5 }, 'Thing: retries must be a whole number from 0 to 3, not 0.5'],
    [{ mode: 'slow' }, 'Thing: mode must be one of fast, safe'],
    [{ quiet: 'no' }, 'Thing: quiet must be true or false'],
    [{ name: '' }, 'Thing: name must not be empty'],
    [
      { name: undefined, size: 0 },
      'Thing: name must be a string; size must be a whole number from 1 to 10 (bytes), not 0',
    ],
  ])('that can not be used are named in one sentence: %p', (wrong, sentence) => {
    expect(() => resolve({ name: 'x', ...wrong })).toThrow(new RangeError(sentence));
  });

  it('are never repeated in an error when they are texts, which may be secrets', () => {
    const error = (() => {
      try {
        return resolve({ name: 'x', mode: 'secret', size: 'secret' });
      } catch (thrown) {
        return thrown as Error;
      }
    })();
    expect(`${error}${(error as Error).stack}${JSON.stringify(error)}`).not.toContain('secret');
  });

  it('tell what they mean, their unit, bounds and default', () => {
    expect(factsOf(schema.shape.size)).toEqual({
      meaning: 'A size.',
      unit: 'bytes',
      lowest: 1,
      highest: 10,
      default: 4,
    });
    expect(factsOf(schema.shape.retries)).toEqual({ meaning: '', unit: undefined, lowest: 0, highest: 3 });
    expect(rangeText(1, Number.MAX_SAFE_INTEGER, (value) => `${value} B`)).toBe('of at least 1 B');
  });

  it.each([
    ['UploadModule', uploadOptionsSchema],
    ['S3', s3OptionsSchema],
    ['Redis', redisOptionsSchema],
    ['UploadHttpModule', uploadHttpOptionsSchema],
    ['UploadHealthModule', uploadHealthOptionsSchema],
    ['UploadMetricsModule', uploadMetricsOptionsSchema],
  ])('of %s all say what they mean', (_, { shape }) => {
    const silent = Object.entries(shape).filter(([, option]) => !/^[A-Z`].*[.]$/.test(factsOf(option).meaning));
    expect(silent).toEqual([]);
  });
});

describe('an option of a wrong type', () => {
  const schemas = [uploadOptionsSchema, s3OptionsSchema, redisOptionsSchema, uploadHttpOptionsSchema];
  const options = schemas.flatMap(({ shape }) => Object.entries<z.ZodType>(shape));

  it.each(options)('%s is refused in words of our own', (_, option) => {
    for (const value of [Symbol('wrong'), { wrong: true }]) {
      const { success, error } = option.safeParse(value);
      // An application may give objects of its own, such as an agent or a logger.
      if (!success) for (const { message } of error.issues) expect(message).toMatch(/^must /);
    }
  });
});

describe('the options of UploadModule', () => {
  it.each(['*', 'https://app.example.com', 'http://localhost:4200', 'capacitor://localhost'])(
    'take the origin %s',
    (origin) => {
      expect(resolveUploadOptions({ allowedOrigins: [origin] }).allowedOrigins).toEqual([origin]);
    },
  );

  it.each(['app.example.com', 'https://app.example.com/', 'https://app.example.com/page', 'null', ''])(
    'refuse %p, which no browser sends as an origin',
    (origin) => {
      expect(() => resolveUploadOptions({ allowedOrigins: [origin] })).toThrow('UploadModule: allowedOrigins must be');
    },
  );

  it('need dataDir only where something is kept in it', () => {
    expect(resolveUploadOptions({}).dataDir).toBeUndefined();
    expect(() => requireDataDir({})).toThrow('UploadModule: dataDir must name a folder');
    expect(() => resolveUploadOptions({ dataDir: '' })).toThrow('UploadModule: dataDir must not be empty');
  });
});

describe('the options of S3', () => {
  const bucket = 'uploads';

  it('have defaults, and leave to the SDK what it finds', () => {
    const { region, endpoint, memoryBytes, checksums } = resolveS3Options({ bucket, region: undefined });
    expect({ region, endpoint, memoryBytes, checksums }).toEqual({
      memoryBytes: 64 * MIB,
      checksums: 'when_supported',
    });
  });

  it.each([
    { bucket: '' },
    { memoryBytes: MIB },
    { partsAtOnce: 0 },
    { giveUpAfterMs: -1 },
    { endpoint: 'store:9000' },
    { startTimeoutMs: Number.NaN },
  ])('refuse %p by name', (wrong) => {
    expect(() => resolveS3Options({ bucket, ...wrong })).toThrow(`S3: ${Object.keys(wrong)[0]} must`);
  });
});

describe('the options of UploadHttpModule, UploadHealthModule and UploadMetricsModule', () => {
  const { shape } = uploadHttpOptionsSchema;

  it.each(['api/files', '/api/files/', 'a', 'v1.2/my-files_~'])('take the path %s', (path) => {
    expect(shape.path.safeParse(path).success).toBe(true);
  });

  it.each(['', '/', 'a//b', ':id', 'a/*b', 'a{/b}', '..', 'a/./b', 'a b', 'ä', 'a?b', 7, false])(
    'refuse %p as the path of files',
    (path) => {
      expect(shape.path.safeParse(path).success).toBe(false);
    },
  );

  it.each([uploadHealthOptionsSchema, uploadMetricsOptionsSchema])('take false in place of a path', ({ shape }) => {
    expect(shape.path.parse(false)).toBe(false);
    for (const wrong of [true, 7, ':id']) {
      expect(shape.path.safeParse(wrong).error?.issues[0]?.message).toMatch(/^must be a path without parameters/);
    }
  });

  it.each([
    ['https://files.example.com/', 'https://files.example.com'],
    ['http://localhost:3000/gateway//', 'http://localhost:3000/gateway'],
  ])('take the public URL %s without its last slash', (url, resolved) => {
    expect(shape.publicUrl.parse(url)).toBe(resolved);
  });

  it.each(['files.example.com', '/files', 'ftp://a', 'https://a?b', 'https://a#b', 'https://a b', '', 7])(
    'refuse %p as public URL',
    (url) => {
      expect(shape.publicUrl.safeParse(url).success).toBe(false);
    },
  );
});
