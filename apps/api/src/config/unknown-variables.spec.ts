import { describe, expect, it } from '@jest/globals';
import { unknownVariables } from './unknown-variables.js';

describe('unknown variables', () => {
  it.each([
    ['MAX_FILESIZE', 'MAX_FILE_SIZE'],
    ['max_file_size', 'MAX_FILE_SIZE'],
    ['CORS_ORIGIN', 'CORS_ORIGINS'],
    ['TRUSTED_PROXYS', 'TRUSTED_PROXIES'],
    ['SESION_STORE', 'SESSION_STORE'],
  ])('tells that %s is not %s', (name, meant) => {
    expect(unknownVariables({ [name]: '1', PATH: '/bin' })).toEqual([
      `${name} is set, but there is no such variable. Did you mean ${meant}?`,
    ]);
  });

  it('says nothing of known variables, and of those of other programs', () => {
    const others = [
      'HOME',
      'POST',
      'HOSTS',
      'PATH',
      'HOSTNAME',
      'REDIS_PORT',
      'AWS_REGION',
      'NODE_ENV',
      'SHLVL',
      'DATADOG',
    ];
    const known = ['PORT', 'MAX_FILE_SIZE'];
    expect(unknownVariables(Object.fromEntries([...others, ...known].map((name) => [name, '1'])))).toEqual([]);
  });
});
