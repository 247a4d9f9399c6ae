import { beforeEach, describe, expect, it } from '@jest/globals';
import { UploadError } from '@upload-streams/protocol';
import { lastValueFrom, tap } from 'rxjs';
import { BytesSource } from '../adapters/sources/bytes-source.js';
import type { SourceChunk } from '../ports/chunk-source.js';
import { FakeGateway } from '../testing/fake-gateway.js';
import { clientOf, contentOf, expectBytes, FACTS, KIB, tick } from '../testing/client-of.js';
import { UploadControls } from '../upload-controls.js';

describe('UploadClient', () => {
  let gateway: FakeGateway;

  beforeEach(() => {
    gateway = new FakeGateway();
  });

  describe('with a source that changes', () => {
    const content = contentOf(200 * KIB);
    const changed = Buffer.from(content).fill(7, 0, 10);

    /** A file elsewhere that becomes another one at the n-th read; `verify` notices, as one does that compares dates. */
    class ChangingSource extends BytesSource {
      private reads = 0;
      private seen: Uint8Array;

      constructor(
        private file: Uint8Array,
        private readonly then: { at: number; file: Uint8Array; rereadable?: boolean },
      ) {
        super(file, FACTS);
        this.seen = file;
      }

      override async next(maxBytes: number): Promise<SourceChunk> {
        const bytes = this.file.subarray(this.cursor, this.cursor + Math.min(maxBytes, this.size - this.cursor));
        this.cursor += bytes.length;
        if (this.reads++ === this.then.at) this.file = this.then.file;
        return { bytes, last: this.cursor >= this.size };
      }

      override async verify(): Promise<boolean> {
        if (this.seen === this.file) return true;
        if (this.then.rereadable === false) throw new UploadError('SOURCE_CHANGED', { rereadable: false });
        this.seen = this.file;
        this.size = this.file.length;
        return false;
      }
    }

    const inOneChunk = contentOf(1000);
    it.each([
      ['is overwritten while it is sent', content, changed],
      ['grows while it is sent', content, contentOf(250 * KIB)],
      ['is overwritten while it is read for the begin', inOneChunk, Buffer.from(inOneChunk).reverse()],
    ])('uploads it anew if it %s', async (_how, before, after) => {
      const at = before === inOneChunk ? 0 : 1;
      const source = new ChangingSource(before, { at, file: after });
      const state = await lastValueFrom(clientOf(gateway).upload(source));
      expect(state).toMatchObject({ status: 'completed', size: after.length });
      expectBytes(gateway.sessions.get(state.sessionID)!.content, after);
      const completed = [...gateway.sessions.values()].filter((session) => session.completed);
      expect(completed).toHaveLength(1);
    });

    it('goes on with one that was only touched', async () => {
      const source = new ChangingSource(content, { at: 2, file: Buffer.from(content) });
      const state = await lastValueFrom(clientOf(gateway).upload(source));
      expect(state.status).toBe('completed');
      expectBytes(gateway.session.content, content);
    });

    it.each([
      ['touched', Buffer.from(content), 1],
      ['overwritten', changed, 2],
    ])('compares one that was %s while it was paused', async (_how, after, sessions) => {
      gateway.window = 32 * KIB;
      const source = new ChangingSource(content, { at: -1, file: after });
      const controls = new UploadControls();
      let paused = false;
      const upload = lastValueFrom(
        clientOf(gateway)
          .upload(source, { controls })
          .pipe(
            tap(({ uploaded, status }) => {
              if (!paused && uploaded > 64 * KIB) controls.pause();
              paused ||= status === 'paused';
            }),
          ),
      );
      while (!paused) await tick();
      Object.assign(source, { file: after });
      controls.resume();
      const { sessionID } = await upload;
      expectBytes(gateway.sessions.get(sessionID)!.content, after);
      expect(gateway.sessions.size).toBe(sessions);
    });

    it('fails at once if it can not be read as it is now', async () => {
      const source = new ChangingSource(content, { at: 2, file: changed, rereadable: false });
      const state = await lastValueFrom(clientOf(gateway).upload(source));
      expect(state).toMatchObject({ status: 'failed', error: { code: 'SOURCE_CHANGED' } });
      expect(gateway.session.completed).toBeUndefined();
    });
  });
});
