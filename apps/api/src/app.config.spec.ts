import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'yaml';
import { readEnvironment } from './app.config.js';
import { VARIABLES } from './config/variables.js';

describe('the environment', () => {
  it('has a default for everything', () => {
    expect(readEnvironment({})).toMatchObject({
      server: { port: 3000, host: '0.0.0.0', storage: 'disk', sessionStore: 'sqlite' },
      upload: { dataDir: resolve('data'), sessionTtlMs: 86_400_000, maxWindowBytes: 16 * 2 ** 20 },
      s3: undefined,
      redis: undefined,
    });
  });

  it('reads sizes, times and lists as people write them', () => {
    const { upload } = readEnvironment({
      MAX_FILE_SIZE: '5GiB',
      MAX_CHUNK_SIZE: '1048576',
      SESSION_TTL: '7d',
      CORS_ORIGINS: 'https://a.example, https://b.example',
      ALLOWED_TYPES: 'image/*,application/pdf',
      SHA256: 'false',
    });
    expect(upload).toMatchObject({
      dataDir: resolve('data'),
      maxFileBytes: 5 * 2 ** 30,
      maxChunkBytes: 2 ** 20,
      sessionTtlMs: 7 * 86_400_000,
      allowedOrigins: ['https://a.example', 'https://b.example'],
      allowedTypes: ['image/*', 'application/pdf'],
      sha256: false,
    });
  });

  it('says where bytes and sessions are kept, and names no data folder where it is not used', () => {
    const s3 = { STORAGE: 's3', S3_BUCKET: 'b', S3_MEMORY: '32MiB', DOWNLOADS: 'presigned' };
    expect(readEnvironment(s3)).toMatchObject({
      upload: { dataDir: resolve('data') },
      s3: { bucket: 'b', memoryBytes: 32 * 2 ** 20, presignDownloads: true, partsAtOnce: 4 },
      redis: undefined,
    });
    const { upload, redis } = readEnvironment({ ...s3, SESSION_STORE: 'redis', REDIS_URL: 'redis://r' });
    expect(redis).toMatchObject({ url: 'redis://r', prefix: '{upload-streams}:' });
    expect(upload.dataDir).toBeUndefined();
  });

  it('takes an empty variable for one that is not set', () => {
    expect(readEnvironment({ PORT: '', CORS_ORIGINS: '' })).toEqual(readEnvironment({}));
  });

  it("names every variable that can't be used, in one sentence", () => {
    expect(() => readEnvironment({ PORT: 'x', SESSION_TTL: 'soon' })).toThrow(
      'The environment can\'t be used: PORT must be a whole number from 0 to 65535, not "x"; ' +
        'SESSION_TTL must be a time of at least 1ms, such as 500ms, 30s, 10m, 24h or 7d, not "soon".',
    );
  });

  it.each([
    [{ MAX_CHUNK_SIZE: '1GiB' }, 'MAX_CHUNK_SIZE must be a size from 64KiB to 16MiB, such as 4MiB or 1048576'],
    [{ MAX_FILE_SIZE: '99999999TiB' }, 'MAX_FILE_SIZE must be a size of at least 0B'],
    [{ S3_MEMORY: '1MiB' }, 'S3_MEMORY must be a size of at least 16MiB'],
    [{ SHUTDOWN_GRACE: '2h' }, 'SHUTDOWN_GRACE must be a time from 0ms to 1h'],
    [{ SESSION_TTL: '5' }, 'SESSION_TTL must be a time'],
    [{ SHA256: 'yes' }, 'SHA256 must be true or false'],
    [{ DOWNLOADS: 'direct' }, 'DOWNLOADS must be one of proxy, presigned'],
    [{ STORAGE: 'ftp' }, 'STORAGE must be one of disk, s3'],
    [{ ALLOWED_TYPES: 'pictures' }, 'ALLOWED_TYPES must be a list of MIME types'],
    [{ CORS_ORIGINS: 'https://a.example/' }, 'CORS_ORIGINS must be a list of origins'],
    [
      { BASE_PATH: '/uploads/' },
      'BASE_PATH must be a path such as /uploads, without a slash at its end, not "/uploads/"',
    ],
    [{ BASE_PATH: 'uploads' }, 'BASE_PATH must be a path'],
    [
      { PUBLIC_URL: 'files.example' },
      'PUBLIC_URL must be a URL without query, such as https://files.example.com, not "files.example"',
    ],
    [{ BASE_PATH: '/api' }, 'BASE_PATH must not overlap with /api/files'],
    [{ BASE_PATH: '/api/tus' }, 'BASE_PATH must not overlap with /api/tus'],
    [{ BASE_PATH: '/health' }, 'BASE_PATH must not overlap with /health'],
    [{ BASE_PATH: '/upload-streams/page' }, 'BASE_PATH must not overlap with /upload-streams'],
    [{ REDIS_URL: 'http://r' }, 'REDIS_URL must look like redis[s]://'],
    [{ S3_ENDPOINT: 'store:9000' }, 'S3_ENDPOINT must be a URL that begins with http:// or https://'],
    [{ STORAGE: 's3' }, 'S3_BUCKET must be set for STORAGE=s3'],
    [{ SESSION_STORE: 'redis', STORAGE: 's3', S3_BUCKET: 'b' }, 'REDIS_URL must be set for SESSION_STORE=redis'],
    [{ SESSION_STORE: 'redis', REDIS_URL: 'redis://r' }, 'STORAGE must be s3 for SESSION_STORE=redis'],
    [{ DOWNLOADS: 'presigned' }, 'DOWNLOADS can be presigned for STORAGE=s3 only'],
  ])('says what is wrong with %j', (variables, sentence) => {
    expect(() => readEnvironment(variables)).toThrow(sentence);
  });

  it('is repeated in an error without any password', () => {
    const everything = Object.fromEntries(
      Object.keys(VARIABLES).map((name) => [name, 'redis://user:s3cret@host/name']),
    );
    const read = () => readEnvironment(everything);
    expect(read).toThrow(/REDIS_URL must/);
    expect(read).toThrow(/REDIS_URL must [^;]*, not what it is \(it may contain a password\)/);
    expect(read).toThrow(/PORT must [^;]*, not "redis:\/\/\*\*\*@host\/name"/);
    expect(read).not.toThrow(/s3cret/);
  });

  it('is passed on by docker-compose.yml, but for what belongs to the image', () => {
    const compose = parse(readFileSync(new URL('../../../docker-compose.yml', import.meta.url), 'utf8')) as {
      services: { api: { environment: Record<string, string> } };
    };
    const passedOn = Object.entries(compose.services.api.environment).filter(([name]) => !name.startsWith('AWS_'));
    expect(passedOn.filter(([name, value]) => value !== `\${${name}:-}`)).toEqual([]);
    const ofTheImage = ['DATA_DIR', 'HOST', 'PORT', 'WEB_DIR'];
    expect([...passedOn.map(([name]) => name), ...ofTheImage].sort()).toEqual(Object.keys(VARIABLES).sort());
  });
});
