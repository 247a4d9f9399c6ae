import type { Server, Socket } from 'socket.io';
import type { WebSocket } from 'ws';
import { EVENT_BYTES, processMemory, type ConnectionMemory } from './client-memory.js';
import { limitPolling, type PollingTransport } from './polling-limits.js';
import type { Unsent } from './socket-intake.js';
import { intakeOf } from './upload-web-socket-server.js';

type Connection = Socket['conn'];

/** A transport of Engine.IO, whose types do not contain the WebSocket. */
interface Transport {
  readonly name: string;
  readonly socket?: WebSocket;
}

const memories = new WeakMap<Connection, ConnectionMemory>();

/** Limits the memory that is held for each connection, over WebSocket and over long polling. */
export function guardConnections(server: Server): void {
  server.engine.on('connection', (connection: Connection) => {
    guard(connection, connection.transport);
    connection.on('upgrade', (transport) => guard(connection, transport));
  });
}

/** Runs the work on an event, and counts the event and its bytes as held for its client until the work has ended. */
export async function holding<T>(socket: Socket, bytes: number, work: () => Promise<T>): Promise<T> {
  const memory = memories.get(socket.conn);
  memory?.take(bytes + EVENT_BYTES);
  try {
    return await work();
  } finally {
    memory?.give(bytes + EVENT_BYTES);
  }
}

function guard(connection: Connection, transport: Transport): void {
  const intake = transport.socket && intakeOf(transport.socket);
  if (intake) {
    intake.serve(connection as unknown as Unsent);
    memories.set(connection, intake.memory);
  } else if (transport.name === 'polling') {
    const memory = processMemory.join();
    connection.once('close', () => memory.leave());
    memories.set(connection, memory);
    limitPolling(transport as unknown as PollingTransport, memory);
  }
}
