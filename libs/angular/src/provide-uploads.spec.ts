import { provideHttpClient } from '@angular/common/http';
import { HttpTestingController, provideHttpClientTesting } from '@angular/common/http/testing';
import { inject, Injectable } from '@angular/core';
import { TestBed } from '@angular/core/testing';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { UploadClientOptions } from '@upload-streams/client';
import { UploadError } from '@upload-streams/protocol';
import { UploadedFilesService } from './files/uploaded-files.service';
import { provideUploads } from './provide-uploads';
import { UploadIdentity } from './upload-identity';
import { UPLOAD_API_URL, UPLOAD_CLIENT } from './upload.tokens';
import type { UploadsOptions } from './uploads-options';

/** A value of each option of the client that it must not have. An option that is missing here does not compile. */
const UNUSABLE: Readonly<Record<keyof UploadClientOptions, unknown>> = {
  url: 'localhost',
  path: 'no-slash',
  token: 5,
  tokenTimeoutMs: 0,
  concurrency: 0,
  minRetryDelayMs: -1,
  maxRetryDelayMs: -1,
  ackTimeoutMs: 0,
  maxAttempts: 0,
  idleTimeoutMs: -1,
};

/** Does not compile if `provideUploads` does not accept an option of the client, with its type. */
const acceptsAll = (options: Required<UploadClientOptions>): Required<Omit<UploadsOptions, 'apiPath'>> => options;

@Injectable({ providedIn: 'root' })
class Account {
  token = 'of-the-account';
}

describe('provideUploads', () => {
  beforeEach(() => {
    localStorage.clear();
    document.cookie = 'upload_identity=; Max-Age=0';
  });

  it('has the API on the page’s own origin by default', () => {
    TestBed.configureTestingModule({ providers: [provideUploads()] });
    expect(TestBed.inject(UPLOAD_API_URL)).toBe('/api');
  });

  it('has the API on the gateway', () => {
    TestBed.configureTestingModule({ providers: [provideUploads({ url: 'https://files.example', apiPath: '/v1' })] });
    expect(TestBed.inject(UPLOAD_API_URL)).toBe('https://files.example/v1');
  });

  it('makes the identity before anything is uploaded, so that download links work at once', () => {
    TestBed.configureTestingModule({ providers: [provideUploads()] });
    TestBed.inject(UPLOAD_API_URL);
    expect(document.cookie).toContain(`upload_identity=${TestBed.inject(UploadIdentity).secret}`);
  });

  it('provides a client that connects only when there is something to upload', () => {
    TestBed.configureTestingModule({ providers: [provideUploads()] });
    expect(TestBed.inject(UPLOAD_CLIENT)).toHaveProperty('upload');
  });

  it.each(Object.entries(UNUSABLE))('passes %s on to the client', (name, value) => {
    expect(acceptsAll).toBeDefined();
    TestBed.configureTestingModule({ providers: [provideUploads({ [name]: value })] });
    expect(() => TestBed.inject(UPLOAD_CLIENT)).toThrow(new RegExp(`UploadClient: ${name} must be`));
  });

  it('takes a function that gets its options from other services', () => {
    const options = (): UploadsOptions => ({ url: `https://${inject(Account).token}.example` });
    TestBed.configureTestingModule({ providers: [provideUploads(options)] });
    expect(TestBed.inject(UPLOAD_API_URL)).toBe('https://of-the-account.example/api');
  });

  describe('with a token of the application', () => {
    /** The `Authorization` of the request for the first files, or the error. */
    async function authorization(options: UploadsOptions | (() => UploadsOptions)): Promise<unknown> {
      TestBed.configureTestingModule({
        providers: [provideHttpClient(), provideHttpClientTesting(), provideUploads(options)],
      });
      const files = TestBed.inject(UploadedFilesService);
      files.refresh();
      await new Promise((resolve) => setTimeout(resolve));
      const [request] = TestBed.inject(HttpTestingController).match(() => true);
      return request ? request.request.headers.get('Authorization') : files.state().error;
    }

    it.each<[string, UploadsOptions | (() => UploadsOptions)]>([
      ['a text', { token: 'of-the-account' }],
      ['an asynchronous function', { token: async () => 'of-the-account' }],
      ['a function that injects', { token: () => inject(Account).token }],
      ['a function from a factory', () => ({ token: (account = inject(Account)) => account.token })],
      ['a service of a factory', () => (({ token }) => ({ token }))(inject(Account))],
    ])('lists files with it, and makes no identity: %s', async (_kind, options) => {
      expect(await authorization(options)).toBe('Bearer of-the-account');
      expect(document.cookie).not.toContain('upload_identity');
      expect(localStorage.getItem('upload_identity')).toBeNull();
    });

    it('lists files without one if there is none, and the server decides', async () => {
      expect(await authorization({ token: () => undefined })).toBeNull();
    });

    it('says why files can not be listed', async () => {
      const token = () => Promise.reject(new Error('offline'));
      expect(await authorization({ token })).toMatchObject({ code: 'TOKEN_UNAVAILABLE' });
    });

    it('lets the function say that the person is not signed in', async () => {
      const token = () => {
        throw new UploadError('UNAUTHORIZED');
      };
      expect(await authorization({ token })).toMatchObject({ code: 'UNAUTHORIZED' });
    });
  });
});
