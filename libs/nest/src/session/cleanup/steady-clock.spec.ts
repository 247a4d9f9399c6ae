import { describe, expect, it } from '@jest/globals';
import { SteadyClock } from './steady-clock.js';

const HOUR_MS = 3_600_000;

describe('SteadyClock', () => {
  function clockAt(wall: number) {
    const times = { wall, monotonic: 5000 };
    return { times, clock: new SteadyClock({ wall: () => times.wall, monotonic: () => times.monotonic }) };
  }

  it('goes as the system clock does', () => {
    const { times, clock } = clockAt(1_000_000);
    times.wall += 2000;
    times.monotonic += 2000;
    expect(clock.now()).toBe(1_002_000);
  });

  it('does not jump ahead with the system clock', () => {
    const { times, clock } = clockAt(1_000_000);
    times.wall += 48 * HOUR_MS;
    times.monotonic += 1000;
    expect(clock.now()).toBe(1_001_000);
  });

  it('goes back with it', () => {
    const { times, clock } = clockAt(100 * HOUR_MS);
    times.wall -= HOUR_MS;
    times.monotonic += 1000;
    expect(clock.now()).toBe(99 * HOUR_MS);
  });
});
