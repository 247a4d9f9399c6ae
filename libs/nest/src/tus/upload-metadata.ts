import type { IncomingHttpHeaders } from 'node:http';
import type { SessionRecord } from '../contracts/records.js';
import { TusProblem } from './tus-problem.js';

/** The file name if the client sends none. */
const UNNAMED = 'upload';

/** What `Upload-Metadata` says about a file. */
export interface FileFacts {
  readonly fileName: string;
  readonly type?: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Reads the name and the type of the file, under the names that clients use for them. The rest is metadata. */
export function readMetadata({ 'upload-metadata': header }: IncomingHttpHeaders): FileFacts {
  const { filename, name, filetype, type: plainType, ...metadata } = entriesOf(header);
  const type = filetype || plainType;
  return { fileName: withoutPath(filename || name || '') || UNNAMED, ...(type && { type }), metadata };
}

/** The header again, for `HEAD`. */
export function writeMetadata({ fileName, type, metadata }: Pick<SessionRecord, keyof FileFacts>): string {
  return Object.entries({ ...metadata, filename: fileName, filetype: type })
    .filter(([key]) => isKey(key))
    .map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`.trim())
    .join(',');
}

function entriesOf(header: string | string[] | undefined): Record<string, string> {
  if (header === undefined || header === '') return {};
  const pairs = String(header)
    .split(',')
    .map((pair) => pair.trim().split(' '));
  const keys = new Set(pairs.map(([key]) => key));
  if (keys.size !== pairs.length || !pairs.every(isPair)) throw new TusProblem('HEADER', { header: 'Upload-Metadata' });
  return Object.fromEntries(pairs.map(([key, value = '']) => [key, Buffer.from(value, 'base64').toString()]));
}

function isPair([key = '', value = '', ...rest]: readonly string[]): boolean {
  return isKey(key) && /^[A-Za-z0-9+/]*={0,2}$/.test(value) && rest.length === 0;
}

const isKey = (key: string): boolean => /^[\x21-\x2b\x2d-\x7e]+$/.test(key);

/** Some clients send the path of the file on their own disk. */
const withoutPath = (name: string): string => name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
