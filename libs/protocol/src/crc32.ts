/**
 * CRC-32 as in zlib, gzip and PNG (IEEE 802.3, reflected polynomial 0xEDB88320), as an unsigned 32-bit number.
 *
 * `crc32` is the "slicing by 8" algorithm (M. Kounavis, F. Berry: "A Systematic Approach to Building High Performance,
 * Software-based, CRC Generators", Intel, 2005). `crc32Combine` follows zlib's `crc32_combine` (Mark Adler): the CRC of
 * A followed by B is the CRC of A times x^(8 |B|), modulo the polynomial, plus the CRC of B.
 */
const POLYNOMIAL = 0xedb88320;
const SLICES = 8;
const WORD_BYTES = 4;

/** Eight tables of 256 entries, one after the other. Table n holds the CRC of each byte followed by n zero bytes. */
const TABLES = /* @__PURE__ */ buildTables();

function buildTables(): Int32Array {
  const tables = new Int32Array(SLICES * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    tables[byte] = crc;
  }
  for (let at = 256; at < tables.length; at++) {
    const before = tables[at - 256]!;
    tables[at] = (before >>> 8) ^ tables[before & 0xff]!;
  }
  return tables;
}

/** The word-wise algorithm requires little-endian byte order. All processors that run browsers today have it. */
const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** The CRC-32 of `bytes`. With `previous`, the CRC-32 of the data that `previous` covers followed by `bytes`. */
export function crc32(bytes: Uint8Array, previous = 0): number {
  const { buffer, byteOffset, length } = bytes;
  const head = Math.min(length, -byteOffset & (WORD_BYTES - 1));
  const words = isLittleEndian ? Math.floor((length - head) / SLICES) * 2 : 0;
  const tail = head + words * WORD_BYTES;
  let crc = byByte(bytes, 0, head, ~previous);
  crc = byWord(new Int32Array(buffer, words > 0 ? byteOffset + head : 0, words), crc);
  return ~byByte(bytes, tail, length, crc) >>> 0;
}

function byByte(bytes: Uint8Array, from: number, to: number, start: number): number {
  let crc = start;
  for (let at = from; at < to; at++) crc = (crc >>> 8) ^ TABLES[(crc ^ bytes[at]!) & 0xff]!;
  return crc;
}

/** Processes two words at a time. Reading whole words takes half the time of assembling them from bytes. */
function byWord(words: Int32Array, start: number): number {
  let crc = start;
  for (let at = 0; at < words.length; at += 2) {
    const first = crc ^ words[at]!;
    const second = words[at + 1]!;
    crc =
      TABLES[0x700 + (first & 0xff)]! ^
      TABLES[0x600 + ((first >>> 8) & 0xff)]! ^
      TABLES[0x500 + ((first >>> 16) & 0xff)]! ^
      TABLES[0x400 + (first >>> 24)]! ^
      TABLES[0x300 + (second & 0xff)]! ^
      TABLES[0x200 + ((second >>> 8) & 0xff)]! ^
      TABLES[0x100 + ((second >>> 16) & 0xff)]! ^
      TABLES[second >>> 24]!;
  }
  return crc;
}

/** The product of two polynomials modulo the CRC polynomial, in reflected bit order (zlib's `multmodp`). */
function multiply(a: number, b: number): number {
  let product = 0;
  for (let bit = 1 << 31; bit !== 0; bit >>>= 1) {
    if (a & bit) product ^= b;
    b = b & 1 ? (b >>> 1) ^ POLYNOMIAL : b >>> 1;
  }
  return product;
}

/** x^(8 × bytes) modulo the CRC polynomial, by repeated squaring. */
function powerOfX(bytes: number): number {
  let square = 1 << 23; // x^8, one byte
  let power = 1 << 31; // x^0
  for (let left = bytes; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) power = multiply(square, power);
    square = multiply(square, square);
  }
  return power;
}

/** The CRC-32 of A followed by B, computed from the CRC-32 of each and the length of B in bytes (0 to 2^53 - 1). */
export function crc32Combine(crcA: number, crcB: number, lengthB: number): number {
  if (lengthB === 0) return crcA;
  return (multiply(powerOfX(lengthB), crcA) ^ crcB) >>> 0;
}
