import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { watchLoopDelay } from '../measuring/loop-delay.ts';

/** Where this server puts its files. */
export const folder = process.env['DATA_DIR']!;

/** Listens, and says so in the words for which the bench waits. At `/metrics` it tells how late its event loop was. */
export async function listen(handle?: RequestListener): Promise<Server> {
  const metrics = watchLoopDelay();
  // By default a request may take five minutes.
  const server = createServer({ requestTimeout: 0 }, (request, response) =>
    request.url === '/metrics' ? response.end(metrics()) : handle?.(request, response),
  );
  await new Promise<void>((resolve) => server.listen(Number(process.env['PORT']), '127.0.0.1', resolve));
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return server;
}
