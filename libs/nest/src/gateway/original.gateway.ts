import { Inject, type OnModuleInit } from '@nestjs/common';
import { WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { BEGIN_UPLOAD } from '@upload-streams/protocol';
import { SessionService } from '../session/session.service.js';
import { UPLOAD_OPTIONS, type ResolvedUploadOptions } from '../upload-options.js';
import { ENGINE_OPTIONS } from './engine-options.js';
import { UPLOAD_CHUNK } from './incoming-event.js';
import { requireOwnEngine } from './limits/own-engine.js';
import { OriginalWorkflow } from './original-workflow.js';
import { SocketDoor, type EventHandler, type SocketProtocol } from './socket-door.js';

/** The Socket.IO door of the original workflow, on `/socket.io`, where its clients connect. Only there if it is switched on. */
@WebSocketGateway(ENGINE_OPTIONS)
export class OriginalGateway implements OnModuleInit {
  /** Undefined in an application that has no HTTP server. */
  @WebSocketServer()
  private readonly server?: unknown;

  private readonly protocol: SocketProtocol<OriginalWorkflow> = {
    handlers: new Map<string, EventHandler<OriginalWorkflow>>([
      [BEGIN_UPLOAD, ({ payload }, original) => original.begin(payload)],
      [UPLOAD_CHUNK, ({ payload, sessionID }, original) => original.receive(sessionID, payload)],
    ]),
    connect: (connection) => new OriginalWorkflow(this.sessions, connection),
    refuse: (event, error, original) => original.refuse(event, error),
  };

  constructor(
    @Inject(UPLOAD_OPTIONS) private readonly options: ResolvedUploadOptions,
    private readonly door: SocketDoor,
    private readonly sessions: SessionService,
  ) {}

  /** Nest has connected all gateways to their servers by then. Throws if the server is not as it must be. */
  onModuleInit(): void {
    if (this.server === undefined) return;
    this.door.serve(requireOwnEngine(this.server, this.options), this.protocol);
  }
}
