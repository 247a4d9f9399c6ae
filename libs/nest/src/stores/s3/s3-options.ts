import { z } from 'zod';
import {
  byteCount,
  count,
  flag,
  HOUR_MS,
  isUrlOf,
  MIB,
  milliseconds,
  oneOf,
  resolveOptions,
  text,
  textLike,
} from '../../option-schema.js';

const endpoint = textLike(
  (url) => isUrlOf(url, ['http:', 'https:']),
  'must be a URL that begins with http:// or https://',
);

/** Which object store keeps the bytes, and how. The AWS SDK finds the credentials. */
export const s3OptionsSchema = z.object({
  bucket: text().describe(
    'Name of the bucket. The AWS SDK finds the credentials, for example in `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`.',
  ),
  createBucket: flag().default(false).describe('Create the bucket if it is missing.'),
  prefix: z.string('must be a string').default('').describe('What all keys begin with, for example `uploads/`.'),
  region: text()
    .optional()
    .describe('Region of the bucket. Without it, the AWS SDK finds one, for example in `AWS_REGION`.'),
  endpoint: endpoint
    .optional()
    .describe('URL of an object store that is not AWS, for example `https://s3.example.com`.'),
  pathStyle: flag()
    .default(false)
    .describe('Put the bucket name in the URL path instead of the host name. Most stores other than AWS need this.'),
  checksums: oneOf(['when_supported', 'when_required'])
    .default('when_supported')
    .describe(
      '`when_supported`: the store computes CRC-32, as AWS does. `when_required`: for stores that refuse the checksum ' +
        'headers of current SDKs; parts are then verified by the MD5 in their ETags.',
    ),
  memoryBytes: byteCount(16 * MIB)
    .default(64 * MIB)
    .describe('Bytes that all uploads together may have in memory on their way to the store.'),
  partsAtOnce: count(1, 1000).default(4).describe('Parts of one file that are sent at the same time.'),
  giveUpAfterMs: milliseconds(0)
    .default(60_000)
    .describe('How long a request that fails is repeated before its upload fails.'),
  startTimeoutMs: milliseconds(0).default(30_000).describe('How long a start waits for the store.'),
  orphanAgeMs: milliseconds(-HOUR_MS)
    .default(HOUR_MS)
    .describe(
      'Orphaned bytes of unfinished uploads are quarantined when they are older than this; a negative age allows for a ' +
        'store whose clock is ahead.',
    ),
  presignDownloads: flag()
    .default(false)
    .describe(
      'Redirect downloads to the object store, with a presigned URL that is valid for five minutes, instead of sending them through the gateway.',
    ),
});

export type S3StorageOptions = Readonly<z.input<typeof s3OptionsSchema>>;

export type ResolvedS3Options = Readonly<z.output<typeof s3OptionsSchema>>;

export const S3_DEFAULTS: Omit<ResolvedS3Options, 'bucket'> = s3OptionsSchema.omit({ bucket: true }).parse({});

/** The options with their defaults. Throws a RangeError that names each option that can't be used. */
export function resolveS3Options(options: S3StorageOptions): ResolvedS3Options {
  return resolveOptions('S3', s3OptionsSchema, options);
}
