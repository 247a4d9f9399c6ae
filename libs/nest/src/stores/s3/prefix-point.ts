import { piecesPrefix } from './pieces.js';

/** The start of a part, with the CRC-32 of all before it: an upload can go on there from its whole parts alone. */
export interface PrefixPoint {
  readonly offset: number;
  readonly crc32: number;
}

/** All is in the name: listing the tail objects of an upload finds its points too. */
export const pointKey = (fileId: string, { offset, crc32 }: PrefixPoint): string =>
  `${piecesPrefix(fileId)}point-${offset}-${crc32}`;

export function pointOf(key: string): PrefixPoint | undefined {
  const [, offset, crc32] = /\/point-(\d+)-(\d+)$/.exec(key) ?? [];
  return offset === undefined ? undefined : { offset: Number(offset), crc32: Number(crc32) };
}
