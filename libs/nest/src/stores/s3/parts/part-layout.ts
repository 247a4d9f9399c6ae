/** A part of a file: bytes from `start` up to, and without, `end`. */
export interface PartSpan {
  /** From 1, as S3 counts. */
  readonly number: number;
  readonly start: number;
  readonly end: number;
}

/** S3 takes 10,000 parts, of 5 MiB to 5 GiB each, up to 5 TiB in all: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const FIRST_BYTES = 8 * 1024 * 1024;
const PARTS_OF_A_SIZE = 1000;

/**
 * The part in which the byte at `offset` lies. There are a thousand parts of 8 MiB, a thousand of 16 MiB, and so on:
 * 10,000 parts reach 8 TiB. It follows from the offset alone, so everybody who writes a part of a file writes the same
 * bytes, also a gateway that has lost the session and does not know it yet.
 */
export function partAt(offset: number): PartSpan {
  let bytes = FIRST_BYTES;
  let tierStart = 0;
  let tierNumber = 1;
  while (offset >= tierStart + PARTS_OF_A_SIZE * bytes) {
    tierStart += PARTS_OF_A_SIZE * bytes;
    tierNumber += PARTS_OF_A_SIZE;
    bytes *= 2;
  }
  const index = Math.floor((offset - tierStart) / bytes);
  const start = tierStart + index * bytes;
  return { number: tierNumber + index, start, end: start + bytes };
}
