const MIB = 1024 * 1024;

/** Which object store holds the bytes, and how. Credentials come as the AWS SDK finds them. */
export interface S3StorageOptions {
  readonly bucket: string;
  /** Whether the bucket is made where it is missing. @default false */
  readonly createBucket?: boolean;
  /** What all keys begin with, for example `uploads/`. @default '' */
  readonly prefix?: string;
  /** @default what the AWS SDK finds, for example in AWS_REGION */
  readonly region?: string | undefined;
  /** URL of a store that is not AWS. @default that of AWS in the region */
  readonly endpoint?: string | undefined;
  /** Whether the bucket is in the path of the URL, not in the name of the host. @default false */
  readonly pathStyle?: boolean;
  /**
   * `when_supported`: the store computes CRC-32 of each part and of the whole, as AWS does, and is compared by them.
   * `when_required`: for stores that refuse the headers of that; they are compared by the MD5 in their ETags.
   * @default 'when_supported'
   */
  readonly checksums?: 'when_supported' | 'when_required';
  /** Bytes that all uploads together may have in memory on their way to the store; 16 MiB or more. @default 64 MiB */
  readonly memoryBytes?: number;
  /** Parts of one file that are on their way at once. @default 4 */
  readonly partsAtOnce?: number;
  /** How long a store that fails or is away is asked again before an upload fails, in milliseconds. @default 60_000 */
  readonly giveUpAfterMs?: number;
  /** How long a start waits for the store, in milliseconds. @default 30_000 */
  readonly startTimeoutMs?: number;
  /** Unfinished bytes that no catalogue knows are set aside when they are older than this, in milliseconds. @default 1 hour */
  readonly orphanAgeMs?: number;
  /** Whether people download from the store itself, by a URL that is valid for a few minutes. @default false */
  readonly presignDownloads?: boolean;
}

type FoundBySdk = Pick<S3StorageOptions, 'region' | 'endpoint'>;

export type ResolvedS3Options = Required<Omit<S3StorageOptions, keyof FoundBySdk>> & FoundBySdk;

export const S3_DEFAULTS = {
  createBucket: false,
  prefix: '',
  region: undefined,
  endpoint: undefined,
  pathStyle: false,
  checksums: 'when_supported',
  memoryBytes: 64 * MIB,
  partsAtOnce: 4,
  giveUpAfterMs: 60_000,
  startTimeoutMs: 30_000,
  orphanAgeMs: 3_600_000,
  presignDownloads: false,
} as const satisfies Omit<S3StorageOptions, 'bucket'>;
