import { keepFreedMemory } from './keep-freed-memory.js';
import { restartWithFlags } from './v8-flags.js';

/**
 * Everything that affects the whole process. Only this program does it, since the process is its own. The packages never
 * do, because they may run in the process of another application. `FAST_PATHS=false` switches it off.
 */
export function tuneProcess({ FAST_PATHS }: NodeJS.ProcessEnv): void {
  if (FAST_PATHS === 'false') return;
  restartWithFlags();
  keepFreedMemory();
}
