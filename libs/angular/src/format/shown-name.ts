import { Pipe, type PipeTransform } from '@angular/core';

/** Embeddings, overrides and isolates of Unicode's bidirectional algorithm (UAX 9): U+202A to U+202E, U+2066 to U+2069. */
const BIDI_CONTROLS = /[\u202A-\u202E\u2066-\u2069]/g;

const REPLACEMENT = '\uFFFD';

/**
 * A file name that is safe to show. With control characters of the bidirectional algorithm, "gpj.exe" can look like "exe.jpg",
 * and the text around the name can be reversed, too. They are replaced by the replacement character.
 */
export function shownName(name: string): string {
  return name.replace(BIDI_CONTROLS, REPLACEMENT);
}

/** For templates. Use it in a `<bdi>`, which isolates the direction of the name from the text around it. */
@Pipe({ name: 'shownName' })
export class ShownNamePipe implements PipeTransform {
  transform(name: string): string {
    return shownName(name);
  }
}
