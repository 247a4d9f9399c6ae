import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { folder, listen } from '../../server/listen.ts';

const highWaterMark = Number(process.env['READ_BYTES']);

await listen((request, response) => {
  response.setHeader('Access-Control-Allow-Origin', '*');
  response.setHeader('Access-Control-Allow-Methods', 'PUT');
  response.setHeader('Access-Control-Allow-Headers', '*');
  if (request.method === 'OPTIONS') return void response.end();
  const name = randomUUID();
  pipeline(request, createWriteStream(join(folder, name), { highWaterMark })).then(
    () => response.end(name),
    () => response.destroy(),
  );
});
