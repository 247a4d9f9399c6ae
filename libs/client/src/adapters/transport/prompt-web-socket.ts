import { freeBytes } from '@upload-streams/protocol';
import { NodeWebSocket } from 'engine.io-client';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

type Written = (error?: Error | null) => void;

/**
 * Socket.IO's WebSocket for Node, which frees the memory of sent messages at once. A client has to mask every message, and
 * `ws` does that in a new buffer and leaves it to the garbage collector. At a gigabyte per second that means a full
 * collection every few chunks, and most of the client's CPU time.
 */
export class PromptWebSocket extends NodeWebSocket {
  override createSocket(uri: string, protocols: string | string[] | undefined, options: Record<string, unknown>) {
    // TLS copies into its own buffers and costs more than the collections.
    if (!uri.startsWith('ws:')) return super.createSocket(uri, protocols, options);
    // Socket.IO asks for an agent for each connection, which would open the connection itself.
    return super.createSocket(uri, protocols, { ...options, agent: undefined, createConnection });
  }
}

/** For `ws` only, which does not use a buffer again after it has passed it to the socket. */
function createConnection(options: NetConnectOpts): Duplex {
  // As `ws` does: `path` is that of the URL, not of a Unix socket.
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
