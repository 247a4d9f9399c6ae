import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';

const READ_BYTES = 1024 * 1024;

/** The names of the parts that a tus request wants to join. Undefined for any other request. */
export function partsToJoin({ method, headers }: IncomingMessage): string[] | undefined {
  const [kind, urls] = String(headers['upload-concat']).split(';');
  if (method !== 'POST' || kind !== 'final' || urls === undefined) return undefined;
  return urls.split(' ').map((url) => basename(url));
}

/** Copies the parts into a new file one after another, as the file store of tusd does. */
export async function joinParts(folder: string, parts: readonly string[], response: ServerResponse): Promise<void> {
  const name = randomUUID();
  for (const part of parts) {
    const from = createReadStream(join(folder, part), { highWaterMark: READ_BYTES });
    await pipeline(from, createWriteStream(join(folder, name), { flags: 'a', highWaterMark: READ_BYTES }));
  }
  response.writeHead(201, { 'Tus-Resumable': '1.0.0', Location: `/files/${name}` }).end();
}
