import { freeBytes } from '@upload-streams/protocol';
import { NodeWebSocket } from 'engine.io-client';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

type Written = (error?: Error | null) => void;

/**
 * Socket.IO's WebSocket for Node, but that the memory of what it sent is given back at once. `ws` masks every message into
 * a buffer of its own, as a client must, and leaves it to the garbage collector: at a gigabyte a second that is a full
 * collection every few chunks, and most of the client's CPU.
 */
export class PromptWebSocket extends NodeWebSocket {
  override createSocket(uri: string, protocols: string | string[] | undefined, options: Record<string, unknown>) {
    // TLS copies into its own buffers, and costs more than the collections.
    if (!uri.startsWith('ws:')) return super.createSocket(uri, protocols, options);
    // Socket.IO asks for an agent of its own for each connection, which would make the connection.
    return super.createSocket(uri, protocols, { ...options, agent: undefined, createConnection });
  }
}

/** Made for `ws` alone, which keeps nothing of what it hands to the socket. */
function createConnection(options: NetConnectOpts): Duplex {
  // What `ws` does by itself: `path` is that of the URL.
  const socket = connect({ ...options, path: undefined } as NetConnectOpts);
  const write = socket.write.bind(socket) as (...args: readonly unknown[]) => boolean;
  const writeAndFree = (data: unknown, ...rest: readonly unknown[]): boolean => {
    if (!(data instanceof Uint8Array)) return write(data, ...rest);
    const [written] = rest as [Written?];
    return write(data, (error: Error | null) => {
      freeBytes(data);
      written?.(error);
    });
  };
  return Object.assign(socket, { write: writeAndFree as Socket['write'] });
}
