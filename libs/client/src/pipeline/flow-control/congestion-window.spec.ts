import { beforeEach, describe, expect, it } from '@jest/globals';
import { INITIAL_WINDOW_BYTES } from '../../state/link-estimate.js';
import { CongestionWindow, type SendPermits } from './congestion-window.js';

const HALF = INITIAL_WINDOW_BYTES / 2;

describe('CongestionWindow', () => {
  let now: number;
  let window: CongestionWindow;
  let granted: string[];

  beforeEach(() => {
    now = 0;
    window = new CongestionWindow(undefined, () => now);
    granted = [];
  });

  const ask = (permits: SendPermits, bytes: number, who = 'someone') =>
    permits.acquire(bytes).subscribe(() => granted.push(who));

  it('lets all uploads together have as much in flight as the window holds', () => {
    const [a, b, c] = [window.join(), window.join(), window.join()];
    ask(a, HALF, 'a');
    ask(b, HALF, 'b');
    ask(c, 1, 'c');
    expect(granted).toEqual(['a', 'b']);
  });

  it('grants permits in order of arrival when an ack comes', () => {
    const [a, b, c] = [window.join(), window.join(), window.join()];
    ask(a, INITIAL_WINDOW_BYTES, 'a');
    const chunk = a.sent(INITIAL_WINDOW_BYTES);
    ask(b, HALF, 'b');
    ask(c, HALF, 'c');
    ask(a, HALF, 'a again');
    now = 1000;
    a.acked(chunk);
    expect(granted.slice(0, 3)).toEqual(['a', 'b', 'c']);
  });

  it('grants any number of bytes while nothing is in flight', () => {
    ask(window.join(), 10 * INITIAL_WINDOW_BYTES, 'large');
    expect(granted).toEqual(['large']);
  });

  it('never lets a begin without bytes wait', () => {
    ask(window.join(), INITIAL_WINDOW_BYTES, 'a');
    ask(window.join(), 0, 'begin');
    expect(granted).toEqual(['a', 'begin']);
  });

  it('takes back what was acquired and not sent', () => {
    const permits = window.join();
    ask(permits, INITIAL_WINDOW_BYTES, 'a');
    ask(window.join(), HALF, 'b');
    permits.sent(HALF);
    expect(granted).toEqual(['a', 'b']);
  });

  it('takes back all permits of an upload that leaves its connection', () => {
    const permits = window.join();
    ask(permits, HALF, 'a');
    permits.sent(HALF);
    ask(permits, HALF, 'a again');
    ask(permits, HALF, 'a, who left meanwhile');
    ask(window.join(), INITIAL_WINDOW_BYTES, 'b');
    permits.unsubscribe();
    expect(granted).toEqual(['a', 'a again', 'b']);
  });

  it('remembers the receive window of the last ack that had one, even after its upload has ended', () => {
    const permits = window.join();
    const sent = () => {
      ask(permits, HALF);
      return permits.sent(HALF);
    };
    expect(window.join().lastReceiveWindow).toBe(Infinity);
    permits.acked(sent(), 1000);
    permits.acked(sent());
    permits.unsubscribe();
    expect(window.join().lastReceiveWindow).toBe(1000);
  });

  it('grants nothing to an upload that has left its connection', () => {
    const gone = window.join();
    gone.unsubscribe();
    ask(gone, INITIAL_WINDOW_BYTES, 'gone');
    ask(window.join(), INITIAL_WINDOW_BYTES, 'another');
    expect(granted).toEqual(['another']);
  });

  it('forgets an upload that no longer waits', () => {
    const first = window.join();
    ask(first, INITIAL_WINDOW_BYTES, 'first');
    ask(window.join(), HALF, 'gone').unsubscribe();
    first.unsubscribe();
    expect(granted).toEqual(['first']);
  });

  it('suggests larger chunks on a link that proves to be fast', () => {
    const before = window.chunkBytes;
    const permits = window.join();
    for (let n = 0; n < 20; n++) {
      ask(permits, window.chunkBytes);
      const chunk = permits.sent(window.chunkBytes);
      now += 0.2;
      permits.acked(chunk);
    }
    expect(window.chunkBytes).toBeGreaterThan(before);
  });
});
