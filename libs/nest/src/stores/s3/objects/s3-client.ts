import { S3Client } from '@aws-sdk/client-s3';
import type { ResolvedS3Options } from '../s3-options.js';

const CONNECTION_TIMEOUT_MS = 5000;

/** A store that says nothing for so long has lost the request. */
const SILENCE_MS = 30_000;

const ignore = () => undefined;

export function newS3Client({ region, endpoint, pathStyle, checksums }: ResolvedS3Options): S3Client {
  const when = checksums === 'when_supported' ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED';
  return new S3Client({
    ...(region && { region }),
    ...(endpoint && { endpoint }),
    forcePathStyle: pathStyle,
    requestChecksumCalculation: when,
    // What is read back is hashed by us.
    responseChecksumValidation: 'WHEN_REQUIRED',
    // Bodies are streams, which only we can read again: see `retrying`. The SDK would warn of each.
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
