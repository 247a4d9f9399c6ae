import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { crc32, UploadError } from '@upload-streams/protocol';
import { lastValueFrom, of, tap } from 'rxjs';
import { BytesSource } from '../adapters/sources/bytes-source.js';
import { FakeGateway } from '../testing/fake-gateway.js';
import { clientOf, contentOf, expectBytes, FACTS, KIB, statusesOf } from '../testing/client-of.js';
import { UploadClient } from '../upload-client.js';
import { resolveClientOptions } from '../options/client-options.js';

describe('UploadClient', () => {
  let gateway: FakeGateway;

  beforeEach(() => {
    gateway = new FakeGateway();
  });

  describe('failing', () => {
    const content = contentOf(200 * KIB);

    it('ends with a state, never with an error, where upload_error says so', async () => {
      const upload$ = clientOf(gateway)
        .upload(content)
        .pipe(
          tap(({ status, uploaded, sessionID }) => {
            if (status === 'uploading' && uploaded > 0) gateway.fail(sessionID, new UploadError('UPLOAD_REFUSED'));
          }),
        );
      expect(await lastValueFrom(upload$)).toMatchObject({ status: 'failed', error: { code: 'UPLOAD_REFUSED' } });
    });

    it('ends with a state if the begin is refused', async () => {
      gateway.fault = () => {
        throw new UploadError('FILE_TOO_LARGE', { maxBytes: 1 });
      };
      const state = await lastValueFrom(clientOf(gateway).upload(content));
      expect(state).toMatchObject({ status: 'failed', error: { code: 'FILE_TOO_LARGE', details: { maxBytes: 1 } } });
      expect(gateway.requestsOf('begin')).toHaveLength(1);
    });

    it('ends with a state if the source can not be opened', async () => {
      const platform = {
        transport: gateway,
        online$: of(true),
        checksum: crc32,
        openSource: () => Promise.reject(new UploadError('SOURCE_FAILED')),
      };
      const client = new UploadClient(platform, resolveClientOptions({}));
      const state = await lastValueFrom(client.upload('none'));
      expect(state).toMatchObject({ status: 'failed', error: { code: 'SOURCE_FAILED' } });
    });

    it('ends with a state if the source breaks, and closes it', async () => {
      const source = new BytesSource(content, FACTS);
      const close = jest.spyOn(source, 'close');
      jest.spyOn(source, 'next').mockRejectedValue(new UploadError('SOURCE_FAILED'));
      const state = await lastValueFrom(clientOf(gateway).upload(source));
      expect(state).toMatchObject({ status: 'failed', error: { code: 'SOURCE_FAILED' } });
      expect(close).toHaveBeenCalledTimes(1);
    });
  });

  describe('if the server does not follow the protocol', () => {
    const content = contentOf(200 * KIB);

    it.each([undefined, null, 'done', {}, { fileId: 1, size: 'x' }, { fileId: 'a', size: -1, crc32: 0 }])(
      'takes the file %j for an error of the server, and goes on',
      async (file) => {
        let told = false;
        const upload$ = clientOf(gateway)
          .upload(content)
          .pipe(
            tap(({ uploaded, sessionID }) => {
              if (told || uploaded === 0) return;
              told = true;
              gateway.emit(`upload_success_${sessionID}`, file);
            }),
          );
        expect(await statusesOf(upload$)).toContain('waiting');
        expectBytes(gateway.session.content, content);
      },
    );

    it.each(['begin_upload', 'upload_chunk_'])('fails after a while if every answer to %s is none', async (event) => {
      const request = gateway.request.bind(gateway);
      gateway.request = (name, payload) =>
        name.startsWith(event) ? of({ ok: true, offset: 'NaN', window: null }) : request(name, payload);
      const state = await lastValueFrom(clientOf(gateway).upload(content));
      expect(state).toMatchObject({ status: 'failed', error: { code: 'INTERNAL' } });
    });
  });
});
