import { crc32 } from '@node-rs/crc32';
import { Readable } from 'node:stream';

/** Bytes to be sent, which can be read again where sending them failed. */
export interface ObjectBody {
  readonly bytes: number;
  chunks(): AsyncIterable<Uint8Array>;
}

/** What the SDK is given to send. */
export interface SentBody {
  readonly ContentLength: number;
  readonly Body: Uint8Array | Readable;
}

export interface SendOptions {
  readonly abortSignal?: AbortSignal;
}

export const EMPTY_BODY: ObjectBody = bodyOf(new Uint8Array(0));

export function bodyOf(bytes: Uint8Array): ObjectBody {
  return {
    bytes: bytes.length,
    async *chunks() {
      yield bytes;
    },
  };
}

export const bodyOfText = (text: string): ObjectBody => bodyOf(Buffer.from(text));

export async function crc32Of({ chunks }: ObjectBody): Promise<number> {
  let crc = 0;
  for await (const bytes of chunks()) crc = crc32(bytes, crc);
  return crc;
}

/**
 * Sends a body as a stream, chunk by chunk, without joining the chunks first. The SDK does not listen to errors of the
 * stream; here they end the request, where they would end the process.
 */
export async function sendAsStream<T>(
  body: ObjectBody,
  send: (sent: SentBody, options: SendOptions) => Promise<T>,
): Promise<T> {
  // Some stores want a body also where it is empty.
  if (body.bytes === 0) return send({ ContentLength: 0, Body: new Uint8Array(0) }, {});
  const failed = new AbortController();
  const stream = Readable.from(body.chunks());
  let cause: Error | undefined;
  stream.on('error', (error) => {
    cause ??= error;
    failed.abort();
  });
  try {
    return await send({ ContentLength: body.bytes, Body: stream }, { abortSignal: failed.signal });
  } catch (error) {
    throw cause ?? error;
  } finally {
    stream.destroy();
  }
}
