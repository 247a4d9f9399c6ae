import leven from 'leven';
import { VARIABLES } from './variables.js';

/** Typing errors: more changed letters make another word, and short names are often close to each other. */
const MOST_CHANGED_LETTERS = 2;
const SHORTEST_SIMILAR = 8;

/** Returns a sentence for each variable that is not known but looks like one that is. */
export function unknownVariables(environment: Readonly<Record<string, string | undefined>>): readonly string[] {
  return Object.keys(environment)
    .filter((name) => !(name in VARIABLES))
    .flatMap((name) => {
      const meant = Object.keys(VARIABLES).find((known) => isSimilar(name, known));
      return meant ? [`${name} is set, but there is no such variable. Did you mean ${meant}?`] : [];
    });
}

function isSimilar(name: string, known: string): boolean {
  const [one, other] = [letters(name), letters(known)];
  if (one === other) return true;
  return (
    one.length >= SHORTEST_SIMILAR &&
    leven(one, other, { maxDistance: MOST_CHANGED_LETTERS + 1 }) <= MOST_CHANGED_LETTERS
  );
}

const letters = (name: string): string => name.toUpperCase().replace(/[^A-Z0-9]/g, '');
