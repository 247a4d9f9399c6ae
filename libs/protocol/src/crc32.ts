/**
 * CRC-32 as in zlib, gzip and PNG (IEEE 802.3, reflected polynomial 0xEDB88320), as an unsigned 32-bit number.
 *
 * `crc32` is the "slicing by 8" algorithm (M. Kounavis, F. Berry: "A Systematic Approach to Building High Performance,
 * Software-based, CRC Generators", Intel, 2005). `crc32Combine` follows zlib's `crc32_combine` (Mark Adler): the CRC of
 * A followed by B is the CRC of A times x^(8 |B|), modulo the polynomial, plus the CRC of B.
 */
const POLYNOMIAL = 0xedb88320;
const SLICES = 8;

const TABLES = /* @__PURE__ */ buildTables();

function buildTables(): Uint32Array[] {
  const first = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    first[byte] = crc;
  }
  const tables = [first];
  for (let slice = 1; slice < SLICES; slice++) {
    tables.push(tables[slice - 1]!.map((crc) => (crc >>> 8) ^ first[crc & 0xff]!));
  }
  return tables;
}

/** The CRC-32 of `bytes`, or, with `previous`, of all that `previous` covers followed by `bytes`. */
export function crc32(bytes: Uint8Array, previous = 0): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = TABLES as [
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ];
  let crc = ~previous;
  let at = 0;
  for (const end = bytes.length - (bytes.length % SLICES); at < end; at += SLICES) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    crc =
      t7[crc & 0xff]! ^
      t6[(crc >>> 8) & 0xff]! ^
      t5[(crc >>> 16) & 0xff]! ^
      t4[crc >>> 24]! ^
      t3[bytes[at + 4]!]! ^
      t2[bytes[at + 5]!]! ^
      t1[bytes[at + 6]!]! ^
      t0[bytes[at + 7]!]!;
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ t0[(crc ^ bytes[at]!) & 0xff]!;
  return ~crc >>> 0;
}

/** The product of two polynomials modulo the CRC's, in the reflected order of bits (zlib's `multmodp`). */
function multiply(a: number, b: number): number {
  let product = 0;
  for (let bit = 1 << 31; bit !== 0; bit >>>= 1) {
    if (a & bit) product ^= b;
    b = b & 1 ? (b >>> 1) ^ POLYNOMIAL : b >>> 1;
  }
  return product;
}

/** x^(8 × bytes) modulo the CRC's polynomial, by squaring. */
function powerOfX(bytes: number): number {
  let square = 1 << 23; // x^8, the step of one byte
  let power = 1 << 31; // x^0
  for (let left = bytes; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) power = multiply(square, power);
    square = multiply(square, square);
  }
  return power;
}

/** The CRC-32 of A followed by B, from the CRC-32 of each and the length of B in bytes (0 to 2^53 - 1). */
export function crc32Combine(crcA: number, crcB: number, lengthB: number): number {
  if (lengthB === 0) return crcA;
  return (multiply(powerOfX(lengthB), crcA) ^ crcB) >>> 0;
}
