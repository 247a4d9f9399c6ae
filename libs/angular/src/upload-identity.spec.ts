import { TestBed } from '@angular/core/testing';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { UploadIdentity } from './upload-identity';

describe('UploadIdentity', () => {
  beforeEach(() => localStorage.clear());

  it('is the secret that the browser keeps', () => {
    const { secret } = TestBed.inject(UploadIdentity);
    expect(localStorage.getItem('upload_identity')).toBe(secret);
    expect(document.cookie).toContain(secret);
  });
});
