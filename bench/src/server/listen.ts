import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { watchLoopDelay } from '../measuring/loop-delay.ts';

/** The folder in which this server stores files. */
export const folder = process.env['DATA_DIR']!;

/** Starts to listen, and prints the line that the benchmark waits for. `/metrics` has the delay of the event loop. */
export async function listen(handle?: RequestListener): Promise<Server> {
  const metrics = watchLoopDelay();
  // The default is five minutes.
  const server = createServer({ requestTimeout: 0 }, (request, response) =>
    request.url === '/metrics' ? response.end(metrics()) : handle?.(request, response),
  );
  await new Promise<void>((resolve) => server.listen(Number(process.env['PORT']), '127.0.0.1', resolve));
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return server;
}
