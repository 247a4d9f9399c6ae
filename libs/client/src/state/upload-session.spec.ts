import { describe, expect, it } from '@jest/globals';
import { givenSession, newSession, sentInChunks, sessionBegun, sessionRestarted } from './upload-session.js';

describe('an upload session', () => {
  it('is unknown to every server until it has begun', () => {
    const session = newSession('first');
    expect([session.isNew, sessionBegun(session).isNew]).toEqual([true, false]);
  });

  it('may be known to the server if the caller named it', () => {
    expect(givenSession('given')).toMatchObject({ sessionID: 'given', isNew: false, begins: 0 });
  });

  it('is unknown again after a restart, under its new ID', () => {
    const restarted = sessionRestarted(sessionBegun(newSession('first')), 'second');
    expect(restarted).toMatchObject({ sessionID: 'second', isNew: true });
    expect(sessionBegun(restarted).isNew).toBe(false);
  });

  it('counts its begins, and stays chunked, over a restart', () => {
    const chunked = sentInChunks(sessionBegun(sessionBegun(newSession('first'))));
    expect(sessionRestarted(chunked, 'second')).toMatchObject({ begins: 2, isChunked: true });
  });
});
