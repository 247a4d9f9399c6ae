import { describe, expect, it } from '@jest/globals';
import { UploadError, type CompletedUpload } from '@upload-streams/protocol';
import { initialUpload, reduceUpload, type MeasuredUpload } from './reduce-upload.js';
import type { UploadEvent } from './upload-event.js';

const ID = 'session-of-22-letters_';

const opened = (size: number | undefined): UploadEvent => ({
  type: 'opened',
  facts: { fileName: 'film.mp4', size, type: undefined, lastModified: undefined },
});
const begun = (offset: number, at: number): UploadEvent => ({ type: 'begun', offset, at });
const acked = (offset: number, at: number): UploadEvent => ({ type: 'acked', offset, at });
const lost = new UploadError('CONNECTION_LOST');
const waiting: UploadEvent = { type: 'waiting', reason: lost, retryInMs: 100 };
const file: CompletedUpload = { fileId: 'f', fileName: 'film.mp4', size: 1000, type: 'video/mp4', crc32: 1, url: '/f' };

const after = (...events: UploadEvent[]): MeasuredUpload => events.reduce(reduceUpload, initialUpload(ID, ''));
const stateAfter = (...events: UploadEvent[]) => after(...events).state;

describe('reduceUpload', () => {
  it('begins queued, with nothing uploaded and nothing measured', () => {
    expect(initialUpload(ID, 'a.txt').state).toEqual({
      sessionID: ID,
      fileName: 'a.txt',
      size: undefined,
      uploaded: 0,
      bytesPerSecond: undefined,
      secondsLeft: undefined,
      status: 'queued',
    });
  });

  it('takes name and size from the opened source and stays queued', () => {
    expect(stateAfter(opened(1000))).toMatchObject({ status: 'queued', fileName: 'film.mp4', size: 1000 });
  });

  it.each(['connecting', 'hashing', 'verifying', 'paused', 'cancelled'] as const)('is %s after that event', (type) => {
    const state = stateAfter(opened(1000), begun(0, 0), acked(500, 1000), { type });
    expect(state).toMatchObject({ status: type, uploaded: 500, bytesPerSecond: undefined, secondsLeft: undefined });
  });

  it('is uploading from the offset of the server once begun', () => {
    expect(stateAfter(opened(1000), begun(300, 0))).toMatchObject({ status: 'uploading', uploaded: 300 });
  });

  it('computes rate and time left from what was acknowledged since the begin, not from what was there before', () => {
    const state = stateAfter(opened(10_000), begun(5000, 1000), acked(6000, 1500));
    expect(state).toMatchObject({ uploaded: 6000, bytesPerSecond: 2000, secondsLeft: 2 });
  });

  it('measures no rate over less than a quarter of a second', () => {
    const early = after(opened(10_000), begun(0, 0), acked(1000, 249));
    expect(early.state).toMatchObject({ uploaded: 1000, bytesPerSecond: undefined, secondsLeft: undefined });
    expect(reduceUpload(early, acked(1500, 250)).state.bytesPerSecond).toBe(6000);
  });

  it('moves the rate towards a new one within seconds, without jumping', () => {
    const fast = after(opened(1_000_000), begun(0, 0), acked(1000, 1000));
    const { bytesPerSecond } = reduceUpload(fast, acked(11_000, 2000)).state;
    expect(bytesPerSecond).toBeCloseTo(1000 + 9000 * (1 - Math.exp(-0.5)));
  });

  it('weights a rate by time, not by the number of acks', () => {
    const start = after(opened(1_000_000), begun(0, 0), acked(1000, 1000));
    const once = reduceUpload(start, acked(5000, 2000)).state;
    const often = [acked(2000, 1250), acked(3000, 1500), acked(4000, 1750), acked(5000, 2000)];
    expect(often.reduce(reduceUpload, start).state.bytesPerSecond).toBeCloseTo(once.bytesPerSecond!);
  });

  it('has a rate but no time left if the size is not known', () => {
    expect(stateAfter(opened(undefined), begun(0, 0), acked(1000, 1000))).toMatchObject({
      size: undefined,
      bytesPerSecond: 1000,
      secondsLeft: undefined,
    });
  });

  it('has no time left while the rate is zero', () => {
    expect(stateAfter(opened(1000), begun(0, 0), acked(0, 1000)).secondsLeft).toBeUndefined();
  });

  it('tells why it waits and for how long', () => {
    expect(stateAfter(opened(1000), waiting)).toMatchObject({ status: 'waiting', reason: lost, retryInMs: 100 });
  });

  it.each<UploadEvent>([
    { type: 'connecting' },
    { type: 'hashing' },
    { type: 'queued', sessionID: ID },
    { type: 'restarted', sessionID: ID },
    begun(0, 0),
    acked(1, 0),
    { type: 'completed', file },
    { type: 'failed', error: lost },
  ])('lets no reason outlive its wait: $type', (event) => {
    const state = stateAfter(opened(1000), waiting, event);
    expect(state).not.toHaveProperty('reason');
    expect(state).not.toHaveProperty('retryInMs');
  });

  it('forgets the rate of before a wait', () => {
    const state = stateAfter(opened(10_000), begun(0, 0), acked(1000, 1000), waiting, begun(1000, 9000));
    expect(state).toMatchObject({ uploaded: 1000, bytesPerSecond: undefined, secondsLeft: undefined });
  });

  it('is the same object for a repeated queued, so that no state is emitted twice', () => {
    const queued = after(opened(1000));
    expect(reduceUpload(queued, { type: 'queued', sessionID: ID })).toBe(queued);
  });

  it('queues again after a pause, with its progress', () => {
    const state = stateAfter(
      opened(1000),
      begun(0, 0),
      acked(500, 10),
      { type: 'paused' },
      { type: 'queued', sessionID: ID },
    );
    expect(state).toMatchObject({ status: 'queued', uploaded: 500 });
  });

  it('starts from zero under a new session ID when restarted', () => {
    const state = stateAfter(opened(1000), begun(0, 0), acked(500, 10), { type: 'restarted', sessionID: 'another' });
    expect(state).toMatchObject({ status: 'connecting', sessionID: 'another', uploaded: 0 });
  });

  it('has the size that the server counted once complete, even if it was not known', () => {
    expect(stateAfter(opened(undefined), { type: 'completed', file })).toMatchObject({
      status: 'completed',
      size: 1000,
      uploaded: 1000,
      file,
    });
  });

  it('keeps the error of a failed upload', () => {
    expect(stateAfter(opened(1000), { type: 'failed', error: lost })).toMatchObject({ status: 'failed', error: lost });
  });
});
