import { Pipe, type PipeTransform } from '@angular/core';

const formatter = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** A point in time as this person's system writes it, from its ISO form; empty where it is not one. */
@Pipe({ name: 'formatTimestamp' })
export class FormatTimestampPipe implements PipeTransform {
  transform(iso: string): string {
    const at = new Date(iso);
    return Number.isNaN(at.getTime()) ? '' : formatter.format(at);
  }
}
