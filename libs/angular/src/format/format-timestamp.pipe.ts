import { Pipe, type PipeTransform } from '@angular/core';

const formatter = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** A date and time in the format of the person's system, from its ISO form; empty if it is not valid. */
@Pipe({ name: 'formatTimestamp' })
export class FormatTimestampPipe implements PipeTransform {
  transform(iso: string): string {
    const at = new Date(iso);
    return Number.isNaN(at.getTime()) ? '' : formatter.format(at);
  }
}
