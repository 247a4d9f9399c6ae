import type { FreeMemory } from '../../performance/free-memory.js';
import type { PassingDigests } from '../hashing/passing-digests.js';
import type { ObjectStore } from './objects/object-store.js';
import type { PartMemory } from './parts/part-memory.js';

/** What the files of one store share. */
export interface SharedParts {
  readonly store: ObjectStore;
  readonly memory: PartMemory;
  readonly free: FreeMemory;
  readonly digests: PassingDigests;
  readonly partsAtOnce: number;
}

/** How to remove what the store has of a file. */
export interface Removals {
  /** Everything. */
  all(): Promise<void>;
  /** What there is beside the completed file. */
  unfinished(): Promise<void>;
}
