import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { environmentSchema, readEnvironment, uploadOptions } from './app.config.js';

describe('the environment', () => {
  it('has a default for everything', () => {
    expect(readEnvironment({})).toMatchObject({
      PORT: 3000,
      HOST: '0.0.0.0',
      DATA_DIR: './data',
      SESSION_TTL: 86_400_000,
    });
  });

  it('reads sizes, times and lists as people write them', () => {
    const environment = readEnvironment({
      MAX_FILE_SIZE: '5GiB',
      MAX_CHUNK_SIZE: '1048576',
      SESSION_TTL: '7d',
      CORS_ORIGINS: 'https://a.example, https://b.example',
      ALLOWED_TYPES: 'image/*,application/pdf',
      SHA256: 'false',
    });
    expect(uploadOptions(environment)).toMatchObject({
      dataDir: resolve('data'),
      maxFileBytes: 5 * 2 ** 30,
      maxChunkBytes: 2 ** 20,
      sessionTtlMs: 7 * 86_400_000,
      allowedOrigins: ['https://a.example', 'https://b.example'],
      allowedTypes: ['image/*', 'application/pdf'],
      sha256: false,
    });
  });

  it('takes an empty variable for one that is not set', () => {
    expect(readEnvironment({ PORT: '', CORS_ORIGINS: '' })).toEqual(readEnvironment({}));
  });

  it('names every variable that makes no sense', () => {
    expect(() => readEnvironment({ PORT: 'x', SESSION_TTL: 'soon' })).toThrow(/PORT must be .*; SESSION_TTL must be /);
  });

  it.each([
    [{ STORAGE: 's3' }, /S3_BUCKET must be set for STORAGE=s3/],
    [{ SESSION_STORE: 'redis', STORAGE: 's3', S3_BUCKET: 'b' }, /REDIS_URL must be set for SESSION_STORE=redis/],
    [{ SESSION_STORE: 'redis', REDIS_URL: 'redis://r' }, /STORAGE must be s3 for SESSION_STORE=redis/],
    [{ DOWNLOADS: 'presigned' }, /DOWNLOADS can be presigned for STORAGE=s3 only/],
    [{ STORAGE: 'ftp' }, /STORAGE must be one of disk, s3/],
    [{ REDIS_URL: 'http://r' }, /REDIS_URL must be a URL that begins with redis:\/\/ or rediss:\/\//],
    [{ S3_ENDPOINT: 'store:9000' }, /S3_ENDPOINT must be a URL/],
    [{ S3_MEMORY: '1MiB' }, /S3_MEMORY must be from 16777216/],
  ])('says what does not fit together: %j', (variables, sentence) => {
    expect(() => readEnvironment(variables)).toThrow(sentence);
  });

  it('is in the table of README.md, and nothing else is', () => {
    const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
    const documented = [...readme.matchAll(/^\| `([A-Z0-9_]+)` +\|/gm)].map(([, name]) => name);
    expect(documented.sort()).toEqual(Object.keys(environmentSchema.shape).sort());
  });

  it('is passed on by docker-compose.yml, but for what belongs to the image', () => {
    const compose = readFileSync(new URL('../../../docker-compose.yml', import.meta.url), 'utf8');
    const passedOn = [...compose.matchAll(/^ {6}([A-Z0-9_]+): \$\{\1:-\}$/gm)].map(([, name]) => name!);
    const ofTheImage = ['DATA_DIR', 'HOST', 'PORT', 'WEB_DIR'];
    expect([...passedOn, ...ofTheImage].filter((name) => !name.startsWith('AWS_')).sort()).toEqual(
      Object.keys(environmentSchema.shape).sort(),
    );
  });
});
