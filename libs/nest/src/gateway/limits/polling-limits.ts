import { MAX_MESSAGE_BYTES } from '@upload-streams/protocol';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ConnectionMemory } from './client-memory.js';

/** How many packets one request may have. They are all read in one turn of the event loop. */
const MAX_PACKETS = 1000;

/** The longest text in a packet, as for WebSockets. */
const MAX_TEXT_LENGTH = 2 * 1024 * 1024;

const SEPARATOR = '\x1e';

/** The first character of a packet that carries bytes. */
const BYTES = 'b';

/** The parts of Engine.IO's long polling that are limited here. Its types do not contain them. */
export interface PollingTransport {
  onRequest(request: IncomingMessage & { res: ServerResponse }): void;
  onData(payload: string): void;
  onError(message: string): void;
}

/**
 * Limits the requests of long polling: a request is refused with 503 while too much is held for its client, and ends
 * the connection if it carries too much. Engine.IO has no hooks for that, so two methods of its transport are replaced.
 */
export function limitPolling(transport: PollingTransport, memory: ConnectionMemory): void {
  const { onRequest, onData } = transport;
  transport.onRequest = (request) => {
    if (request.method === 'POST' && !reserve(request, memory))
      request.res.writeHead(503, { Connection: 'close' }).end();
    else onRequest.call(transport, request);
  };
  transport.onData = (payload) => {
    if (isWithinLimits(payload)) onData.call(transport, payload);
    else transport.onError('a request with too much in it');
  };
}

/** Reserves the memory that a request may need, until it ends. Returns false if there is none. */
function reserve(request: IncomingMessage, memory: ConnectionMemory): boolean {
  const declared = Number(request.headers['content-length'] ?? MAX_MESSAGE_BYTES);
  const bytes = Math.min(declared || 0, MAX_MESSAGE_BYTES);
  memory.take(bytes);
  const isAllowed = !memory.isOver;
  if (isAllowed) request.once('close', () => memory.give(bytes));
  else memory.give(bytes);
  return isAllowed;
}

/** Stops looking at a payload once it exceeds a limit. */
function isWithinLimits(payload: string): boolean {
  let start = 0;
  for (let packets = 1; packets <= MAX_PACKETS; packets++) {
    const separator = payload.indexOf(SEPARATOR, start);
    const end = separator < 0 ? payload.length : separator;
    if (payload[start] !== BYTES && end - start > MAX_TEXT_LENGTH) return false;
    if (separator < 0) return true;
    start = separator + 1;
  }
  return false;
}
