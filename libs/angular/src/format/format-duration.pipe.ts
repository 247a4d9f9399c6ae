import { Pipe, type PipeTransform } from '@angular/core';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A duration for people, in its two largest units. Rounded up, so that the time left is never shown as zero. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(1, Math.ceil(seconds));
  if (whole < MINUTE) return `${whole} s`;
  if (whole < HOUR) return inTwo(whole, MINUTE, 'min', 1, 's');
  if (whole < DAY) return inTwo(whole, HOUR, 'h', MINUTE, 'min');
  return inTwo(whole, DAY, 'd', HOUR, 'h');
}

function inTwo(seconds: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((seconds % large) / small);
  const head = `${Math.floor(seconds / large)} ${largeName}`;
  return rest === 0 ? head : `${head} ${rest} ${smallName}`;
}

@Pipe({ name: 'formatDuration' })
export class FormatDurationPipe implements PipeTransform {
  transform(seconds: number): string {
    return formatDuration(seconds);
  }
}
