import { Pipe, type PipeTransform } from '@angular/core';

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte', 'petabyte'] as const;

/** A size for people: at most three digits, in decimal units (1 kB is 1,000 bytes), as for disks and networks. */
export function formatBytes(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(bytes, 1)) / 3));
  const value = bytes / 1000 ** power;
  // 999.96 kB would be rounded to "1,000 kB".
  if (power > 0 && power < UNITS.length - 1 && value >= 999.5) return inUnit(1, power + 1);
  return inUnit(value, power);
}

function inUnit(value: number, power: number): string {
  return new Intl.NumberFormat('en', {
    style: 'unit',
    unit: UNITS[power] ?? 'byte',
    unitDisplay: power === 0 ? 'long' : 'short',
    maximumFractionDigits: power === 0 || value >= 99.95 ? 0 : 1,
  }).format(value);
}

@Pipe({ name: 'formatBytes' })
export class FormatBytesPipe implements PipeTransform {
  transform(bytes: number): string {
    return formatBytes(bytes);
  }
}
