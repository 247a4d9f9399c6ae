import type { Case } from './case.ts';
import type { Outcome } from './outcome.ts';

/** What one contender did in one case: an outcome for each round. */
export interface Row {
  readonly what: Case;
  readonly contender: string;
  readonly outcomes: Outcome[];
}
