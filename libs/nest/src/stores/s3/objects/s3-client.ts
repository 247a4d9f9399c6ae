import { S3Client } from '@aws-sdk/client-s3';
import type { ResolvedS3Options } from '../s3-options.js';

const CONNECTION_TIMEOUT_MS = 5000;

/** A request without an answer for this long counts as lost, in milliseconds. */
const SILENCE_MS = 30_000;

const ignore = () => undefined;

export function newS3Client({ region, endpoint, pathStyle, checksums }: ResolvedS3Options): S3Client {
  const when = checksums === 'when_supported' ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED';
  return new S3Client({
    ...(region && { region }),
    ...(endpoint && { endpoint }),
    forcePathStyle: pathStyle,
    requestChecksumCalculation: when,
    // What is read back is hashed by `readBack`.
    responseChecksumValidation: 'WHEN_REQUIRED',
    // Bodies are streams, which the SDK can't read again, and warns of. `ObjectStore` retries instead.
    maxAttempts: 1,
    logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    requestHandler: {
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      socketTimeout: SILENCE_MS,
      httpAgent: { keepAlive: true, maxSockets: 256 },
      httpsAgent: { keepAlive: true, maxSockets: 256 },
    },
  });
}
