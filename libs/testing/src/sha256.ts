import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** SHA-256 of bytes in memory, in hexadecimal. */
export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** SHA-256 of a stream, such as the body of a response, in hexadecimal. */
export async function sha256OfStream(stream: AsyncIterable<unknown>): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of stream) hash.update(bytes as Uint8Array);
  return hash.digest('hex');
}

const READ_BYTES = 1024 * 1024;

/** SHA-256 of a file of any size, in hexadecimal. */
export const sha256OfFile = (path: string): Promise<string> =>
  sha256OfStream(createReadStream(path, { highWaterMark: READ_BYTES }));
