const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** A size such as `256 MiB`, in the unit with the shortest number. */
export function sizeInWords(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), UNITS.length - 1);
  const number = bytes / 1024 ** power;
  return `${number >= 100 || Number.isInteger(number) ? Math.round(number) : number.toPrecision(2)} ${UNITS[power]}`;
}

/** A count such as `2,000`. */
export const countInWords = (count: number): string => count.toLocaleString('en-US');
