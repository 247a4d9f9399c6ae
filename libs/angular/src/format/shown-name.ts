import { Pipe, type PipeTransform } from '@angular/core';

/** Embeddings, overrides and isolates of Unicode's bidirectional algorithm (UAX 9): U+202A to U+202E, U+2066 to U+2069. */
const BIDI_CONTROLS = /[\u202A-\u202E\u2066-\u2069]/g;

const REPLACEMENT = '\uFFFD';

/**
 * A file name as it may be shown. With a control character in it, "gpj.exe" can look like "exe.jpg", and the text around
 * the name can be turned as well: such characters are shown as what they are, a character that can't be shown.
 */
export function shownName(name: string): string {
  return name.replace(BIDI_CONTROLS, REPLACEMENT);
}

/** For templates, in a `<bdi>`, which keeps the direction of a name from the text around it. */
@Pipe({ name: 'shownName' })
export class ShownNamePipe implements PipeTransform {
  transform(name: string): string {
    return shownName(name);
  }
}
