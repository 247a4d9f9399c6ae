import { TestBed } from '@angular/core/testing';
import { describe, expect, it } from '@jest/globals';
import { provideUploads } from './provide-uploads';
import { UPLOAD_API_URL, UPLOAD_CLIENT } from './upload.tokens';
import { UploadIdentity } from './upload-identity';

describe('provideUploads', () => {
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
});
