import { MAX_MESSAGE_BYTES } from '@upload-streams/protocol';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server, Socket } from 'socket.io';
import type { WebSocket } from 'ws';
import { EVENT_BYTES, processMemory, type ConnectionMemory } from '../performance/client-memory.js';
import { intakeOf } from '../performance/upload-web-socket-server.js';

/** Packets in one request of long polling: they are all read in one turn of the event loop. */
const MAX_POLLED_PACKETS = 1000;

const SEPARATOR = '\x1e';

/** A packet of long polling that carries bytes begins so. */
const BYTES = 'b';

/** As `UploadWebSocketServer` bounds texts. */
const MAX_TEXT_LENGTH = 2 * 1024 * 1024;

/** The parts of Engine.IO's long polling that are bounded here: its types do not have them. */
interface PollingTransport {
  readonly name: string;
  readonly socket?: WebSocket;
  onRequest(request: IncomingMessage & { res: ServerResponse }): void;
  onData(payload: string): void;
  onError(message: string): void;
}

type Connection = Socket['conn'];

const memories = new WeakMap<Connection, ConnectionMemory>();

/** Keeps what is held for each connection within its budget, whatever its transport. */
export function guardConnections(server: Server): void {
  server.engine.on('connection', (connection: Connection) => {
    serve(connection, connection.transport);
    connection.on('upgrade', (transport) => serve(connection, transport));
  });
}

/** Counts an event with so many bytes as held for its client until the work on it has ended. */
export async function holding<T>(socket: Socket, bytes: number, work: () => Promise<T>): Promise<T> {
  const memory = memories.get(socket.conn);
  memory?.take(bytes + EVENT_BYTES);
  try {
    return await work();
  } finally {
    memory?.give(bytes + EVENT_BYTES);
  }
}

function serve(connection: Connection, transport: object): void {
  const opened = transport as PollingTransport;
  const intake = opened.socket && intakeOf(opened.socket);
  if (intake) {
    intake.serve(connection as unknown as { writeBuffer: unknown[] });
    memories.set(connection, intake.memory);
  } else if (opened.name === 'polling') {
    const memory = processMemory.join();
    connection.once('close', () => memory.leave());
    memories.set(connection, memory);
    boundPolling(opened, memory);
  }
}

function boundPolling(transport: PollingTransport, memory: ConnectionMemory): void {
  const { onRequest, onData } = transport;
  transport.onRequest = (request) => {
    if (request.method === 'POST' && !reserve(request, memory))
      request.res.writeHead(503, { Connection: 'close' }).end();
    else onRequest.call(transport, request);
  };
  transport.onData = (payload) => {
    if (isBounded(payload)) onData.call(transport, payload);
    else transport.onError('a request with too much in it');
  };
}

/** The memory that the request may need, until it has been read or has ended. */
function reserve(request: IncomingMessage, memory: ConnectionMemory): boolean {
  const declared = Number(request.headers['content-length'] ?? MAX_MESSAGE_BYTES);
  const bytes = Math.min(declared || 0, MAX_MESSAGE_BYTES);
  memory.take(bytes);
  const isAllowed = !memory.isOver;
  if (isAllowed) request.once('close', () => memory.give(bytes));
  else memory.give(bytes);
  return isAllowed;
}

function isBounded(payload: string): boolean {
  let start = 0;
  for (let packets = 1; packets <= MAX_POLLED_PACKETS; packets++) {
    const separator = payload.indexOf(SEPARATOR, start);
    const end = separator < 0 ? payload.length : separator;
    if (payload[start] !== BYTES && end - start > MAX_TEXT_LENGTH) return false;
    if (separator < 0) return true;
    start = separator + 1;
  }
  return false;
}
