import { Inject, Injectable, Logger } from '@nestjs/common';
import { refuse, UploadError } from '@upload-streams/protocol';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Server, Socket } from 'socket.io';
import { UPLOAD_AUTHENTICATOR, type Authenticator } from '../contracts/authenticator.js';
import { toUploadError } from '../errors/host-error.js';
import { requireOwner } from '../errors/require-owner.js';
import { isBearer } from '../origins/bearer.js';
import { OriginPolicy } from '../origins/origin-policy.js';
import { SessionService } from '../session/session.service.js';
import type { UploadConnection } from '../session/upload-connection.js';
import { guardConnections, holding } from './limits/connection-guard.js';
import { checkOrigins } from './origin-check.js';
import { SocketConnection } from './socket-connection.js';
import { toIncomingEvent, type IncomingEvent } from './incoming-event.js';

/** Answers an event of a client. Returns the ack. */
export type EventHandler<Client> = (event: IncomingEvent, client: Client) => Promise<object>;

/** What a gateway does with the events of its clients. */
export interface SocketProtocol<Client extends UploadConnection> {
  /** The handler of each event. */
  readonly handlers: ReadonlyMap<string, EventHandler<Client>>;
  /** Returns what holds the sessions of a connection. */
  connect(connection: SocketConnection): Client;
  /** Answers an event that failed, where the protocol does so without an ack. Returns whether it did. */
  refuse?(event: IncomingEvent, error: UploadError, client: Client): boolean;
}

/** A connected client, and how it is served. */
interface Peer<Client extends UploadConnection> {
  readonly socket: Socket;
  readonly connection: SocketConnection;
  readonly client: Client;
  readonly protocol: SocketProtocol<Client>;
}

/**
 * Lets clients in, and brings their events to the handlers of a protocol: the only place where events are dispatched, and
 * where their errors are caught. Events come directly from Socket.IO, in the order of the wire, so guards, interceptors,
 * pipes and filters of Nest do not apply to them; use an `Authenticator` and an `UploadPolicy` instead.
 */
@Injectable()
export class SocketDoor {
  private readonly logger = new Logger('UploadGateway');

  constructor(
    @Inject(UPLOAD_AUTHENTICATOR) private readonly authenticator: Authenticator,
    private readonly origins: OriginPolicy,
    private readonly sessions: SessionService,
  ) {}

  /** Serves a protocol to everyone who connects to a server. The server must have no other use. */
  serve<Client extends UploadConnection>(server: Server, protocol: SocketProtocol<Client>): void {
    const connections = new WeakMap<Socket, SocketConnection>();
    checkOrigins(server, this.origins);
    guardConnections(server);
    server.use((socket, next) => {
      this.identify(socket)
        .then((connection) => connections.set(socket, connection))
        .then(() => next(), next)
        .catch(this.report);
    });
    server.on('connection', (socket) => {
      const connection = connections.get(socket);
      if (connection) this.admit(socket, connection, protocol);
      else socket.disconnect(true);
    });
  }

  private admit<Client extends UploadConnection>(
    socket: Socket,
    connection: SocketConnection,
    protocol: SocketProtocol<Client>,
  ): void {
    const client = protocol.connect(connection);
    // Chunk events have the session in their names, so no single listener can be registered for them. Socket.IO calls the
    // listener with whatever the client sent: a throw would end the process.
    socket.onAny((name: unknown, ...args: unknown[]) => {
      this.dispatch(toIncomingEvent(name, args), { socket, connection, client, protocol }).catch(this.report);
    });
    socket.once('disconnect', () => {
      this.sessions.release(client).catch(this.report);
    });
  }

  /** Each handler reaches its session before the next event is read, so the order of the wire is the order in the session. */
  private async dispatch<Client extends UploadConnection>(event: IncomingEvent, peer: Peer<Client>): Promise<void> {
    const { socket, connection, client, protocol } = peer;
    const handler = protocol.handlers.get(event.kind) ?? unknownEvent;
    try {
      event.acknowledge(await holding(socket, event.bytes, () => handler(event, client)));
    } catch (thrown) {
      const error = toUploadError(thrown);
      if (!protocol.refuse?.(event, error, client)) event.acknowledge(refuse(error));
      // A client that ignores its window is broken or hostile.
      if (error.code === 'WINDOW_EXCEEDED') connection.disconnect();
    }
  }

  private async identify(socket: Socket): Promise<SocketConnection> {
    const { auth } = socket.handshake;
    try {
      const headers = this.credentialHeaders(socket.request);
      return new SocketConnection(
        socket,
        requireOwner(await this.authenticator.authenticate({ headers, token: auth['token'] })),
      );
    } catch (error) {
      throw Object.assign(new Error('not authenticated'), { data: toUploadError(error).toBody() });
    }
  }

  /** `*` lets any page connect, but none of them act with what browsers add by themselves: cookies, and Basic. */
  private credentialHeaders(request: IncomingMessage): IncomingHttpHeaders {
    const { headers } = request;
    if (this.origins.sourceOf(request) !== 'any') return headers;
    const authorization = isBearer(headers.authorization) ? headers.authorization : undefined;
    return { ...headers, cookie: undefined, authorization };
  }

  /** Logs the errors of promises that nobody awaits. */
  private readonly report = (error: unknown): void => this.logger.error(error);
}

const unknownEvent = async ({ refusal }: IncomingEvent): Promise<never> => {
  throw refusal ?? new UploadError('UNKNOWN_EVENT');
};
