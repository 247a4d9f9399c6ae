import { keepFreedMemory } from '@upload-streams/protocol';
import { restartWithFlags } from './v8-flags.js';

/**
 * What affects the whole process. Only this program does it, since the process is its own; the packages never do, because
 * they may run in somebody else's. `FAST_PATHS=false` leaves it out.
 */
export function tuneProcess({ FAST_PATHS }: NodeJS.ProcessEnv): void {
  if (FAST_PATHS === 'false') return;
  restartWithFlags();
  keepFreedMemory();
}
