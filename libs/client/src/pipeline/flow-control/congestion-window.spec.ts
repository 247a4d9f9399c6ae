import { beforeEach, describe, expect, it } from '@jest/globals';
import { INITIAL_TARGET_BYTES } from '../../state/link-estimate.js';
import { LinkWindow, type LinkShare } from './congestion-window.js';

const HALF = INITIAL_TARGET_BYTES / 2;

describe('LinkWindow', () => {
  let now: number;
  let link: LinkWindow;
  let granted: string[];

  beforeEach(() => {
    now = 0;
    link = new LinkWindow(undefined, () => now);
    granted = [];
  });

  const ask = (share: LinkShare, bytes: number, who = 'someone') =>
    share.reserve(bytes).subscribe(() => granted.push(who));

  it('lets uploads have as much under way together as the link is trusted with', () => {
    const [a, b, c] = [link.join(), link.join(), link.join()];
    ask(a, HALF, 'a');
    ask(b, HALF, 'b');
    ask(c, 1, 'c');
    expect(granted).toEqual(['a', 'b']);
  });

  it('lets in who waits when an ack comes, by turns', () => {
    const [a, b, c] = [link.join(), link.join(), link.join()];
    ask(a, INITIAL_TARGET_BYTES, 'a');
    const mark = a.sent(INITIAL_TARGET_BYTES);
    ask(b, HALF, 'b');
    ask(c, HALF, 'c');
    ask(a, HALF, 'a again');
    now = 1000;
    a.acked(mark);
    expect(granted.slice(0, 3)).toEqual(['a', 'b', 'c']);
  });

  it('lets one through whatever its size while nothing is under way', () => {
    ask(link.join(), 10 * INITIAL_TARGET_BYTES, 'large');
    expect(granted).toEqual(['large']);
  });

  it('does not make a begin without bytes wait', () => {
    ask(link.join(), INITIAL_TARGET_BYTES, 'a');
    ask(link.join(), 0, 'begin');
    expect(granted).toEqual(['a', 'begin']);
  });

  it('takes back what was reserved and not sent', () => {
    const share = link.join();
    ask(share, INITIAL_TARGET_BYTES, 'a');
    ask(link.join(), HALF, 'b');
    share.sent(HALF);
    expect(granted).toEqual(['a', 'b']);
  });

  it('takes back all of an upload that leaves its connection', () => {
    const share = link.join();
    ask(share, HALF, 'a');
    share.sent(HALF);
    ask(share, HALF, 'a again');
    ask(share, HALF, 'a, who left meanwhile');
    ask(link.join(), INITIAL_TARGET_BYTES, 'b');
    share.unsubscribe();
    expect(granted).toEqual(['a', 'a again', 'b']);
  });

  it('knows the window of the last ack that came with one, also once its upload has ended', () => {
    const share = link.join();
    const sent = () => {
      ask(share, HALF);
      return share.sent(HALF);
    };
    expect(link.join().lastWindow).toBe(Infinity);
    share.acked(sent(), 1000);
    share.acked(sent());
    share.unsubscribe();
    expect(link.join().lastWindow).toBe(1000);
  });

  it('grants nothing to an upload that has left its connection, and keeps its room for the others', () => {
    const gone = link.join();
    gone.unsubscribe();
    ask(gone, INITIAL_TARGET_BYTES, 'gone');
    ask(link.join(), INITIAL_TARGET_BYTES, 'another');
    expect(granted).toEqual(['another']);
  });

  it('forgets who does not wait any more', () => {
    const first = link.join();
    ask(first, INITIAL_TARGET_BYTES, 'first');
    ask(link.join(), HALF, 'gone').unsubscribe();
    first.unsubscribe();
    expect(granted).toEqual(['first']);
  });

  it('sends larger chunks over a link that proves to be fast', () => {
    const before = link.chunkBytes;
    const share = link.join();
    for (let n = 0; n < 20; n++) {
      ask(share, link.chunkBytes);
      const mark = share.sent(link.chunkBytes);
      now += 0.2;
      share.acked(mark);
    }
    expect(link.chunkBytes).toBeGreaterThan(before);
  });
});
