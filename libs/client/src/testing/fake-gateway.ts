import {
  accept,
  BEGIN_UPLOAD,
  beginUploadSchema,
  CANCEL_UPLOAD,
  crc32,
  refuse,
  sessionOfChunkEvent,
  UploadError,
  uploadChunkSchema,
  uploadErrorEvent,
  uploadInProgressEvent,
  uploadSuccessEvent,
  type BeginUpload,
  type BegunUpload,
  type CompletedUpload,
  type UploadChunk,
  type UploadStep,
} from '@upload-streams/protocol';
import { filter, map, Observable, Subject } from 'rxjs';
import type { UploadTransport } from '../ports/transport.js';

/**
 * What happens to a request. `lose`: its ack is lost. `stall`: it is neither read nor answered. `cut-before` and `cut-after`:
 * the connection is cut before or after it is read.
 */
export type Fault = 'lose' | 'stall' | 'cut-before' | 'cut-after';

export interface FakeSession {
  readonly fileName: string;
  readonly size: number | undefined;
  content: Buffer;
  durable: number;
  completed: CompletedUpload | undefined;
}

export interface FakeRequest {
  readonly event: string;
  readonly payload: Record<string, unknown>;
}

/** A gateway in memory, as a transport. It follows the protocol except where a test wants otherwise. */
export class FakeGateway implements UploadTransport {
  readonly sessions = new Map<string, FakeSession>();
  readonly requests: FakeRequest[] = [];
  window = 256 * 1024;
  maxChunkSize = 64 * 1024;
  /** Whether only a flush or the end makes bytes durable, and a cut loses the others. */
  forgetful = false;
  connections = 0;
  drops = 0;
  /** How long nothing has come from the gateway. A test that stalls requests sets whether the connection is dead. */
  silentMs = 0;
  users = 0;
  mostInFlight = 0;
  mostUploads = 0;
  /** What goes wrong with the n-th request, counted from zero. May throw an UploadError to refuse it. */
  fault: (request: FakeRequest, index: number) => Fault | undefined = () => undefined;
  /** The CRC-32 of what the gateway has, as it reports it. */
  prefixCrc32 = (content: Buffer): number => crc32(content);
  /** Changes an answer to `begin_upload`. */
  answerBegin = (begun: BegunUpload): BegunUpload => begun;
  private connection: FakeConnection | undefined;
  private readonly events = new Subject<{ event: string; args: readonly unknown[] }>();
  private readonly ended = new Subject<UploadError>();

  readonly connected$ = new Observable<void>((subscriber) => {
    this.users++;
    subscriber.add(() => this.users--);
    subscriber.add(this.ended.subscribe((error) => subscriber.error(error)));
    setImmediate(() => {
      if (subscriber.closed) return;
      if (this.connection === undefined) this.connections++;
      this.connection ??= { begun: new Map() };
      subscriber.next();
    });
  });

  on(event: string): Observable<readonly unknown[]> {
    return this.events.pipe(
      filter((emitted) => emitted.event === event),
      map(({ args }) => args),
    );
  }

  request(event: string, payload: unknown): Observable<unknown> {
    return new Observable((subscriber) => {
      const { connection } = this;
      if (connection === undefined) return subscriber.error(new UploadError('CONNECTION_LOST'));
      const request = { event, payload: payload as Record<string, unknown> };
      const index = this.requests.push(request) - 1;
      this.count(connection, request);
      setImmediate(() => {
        // Requests that were in flight end with their connection, unread.
        if (connection !== this.connection) return;
        const { answer, fault } = this.answer(connection, request, index);
        if (fault === 'cut-before' || fault === 'cut-after') this.cut();
        if (fault !== undefined || connection !== this.connection) return;
        subscriber.next(answer);
        subscriber.complete();
      });
    });
  }

  drop(reason: UploadError): void {
    this.drops++;
    this.cut(reason);
  }

  rest(): void {}

  close(): void {
    this.cut();
  }

  /** Ends the connection, as a network does. */
  cut(error = new UploadError('CONNECTION_LOST')): void {
    if (this.connection === undefined) return;
    this.connection = undefined;
    if (this.forgetful) for (const session of this.sessions.values()) this.forget(session);
    this.ended.next(error);
  }

  emit(event: string, ...args: unknown[]): void {
    this.events.next({ event, args });
  }

  /** Tells the client that it is working on an answer for this upload. */
  working(sessionID: string, step: UploadStep = 'writing'): void {
    this.emit(uploadInProgressEvent(sessionID), { step });
  }

  fail(sessionID: string, error: UploadError): void {
    this.emit(uploadErrorEvent(sessionID), error.message, error.toBody());
  }

  /** The only session. Throws if there are none or several. */
  get session(): FakeSession {
    const [session, ...others] = this.sessions.values();
    if (session === undefined || others.length > 0) throw new Error(`there are ${this.sessions.size} sessions`);
    return session;
  }

  requestsOf(kind: 'begin' | 'chunk' | 'cancel'): FakeRequest[] {
    return this.requests.filter(({ event }) => kindOf(event) === kind);
  }

  private answer(connection: FakeConnection, request: FakeRequest, index: number) {
    try {
      const fault = this.fault(request, index);
      if (fault === 'stall' || fault === 'cut-before') return { fault, answer: undefined };
      return { fault, answer: accept(this.read(connection, request)) };
    } catch (error) {
      return { fault: undefined, answer: refuse(error) };
    }
  }

  private read(connection: FakeConnection, { event, payload }: FakeRequest): object {
    const sessionID = sessionOfChunkEvent(event);
    if (sessionID !== undefined) return this.readChunk(connection, sessionID, uploadChunkSchema.parse(payload));
    if (event === BEGIN_UPLOAD) return this.begin(connection, beginUploadSchema.parse(payload));
    if (event === CANCEL_UPLOAD) this.cancel(payload['sessionID'] as string);
    return {};
  }

  private cancel(sessionID: string): void {
    const session = this.sessions.get(sessionID);
    if (session === undefined) throw new UploadError('SESSION_NOT_FOUND');
    if (session.completed) throw new UploadError('UPLOAD_ALREADY_COMPLETE');
    this.sessions.delete(sessionID);
    this.fail(sessionID, new UploadError('UPLOAD_CANCELLED'));
  }

  private begin(connection: FakeConnection, wanted: BeginUpload): BegunUpload {
    const { sessionID, fileName, size, chunk, crc32: chunkCrc32, fileCrc32 } = wanted;
    const session: FakeSession = this.sessions.get(sessionID) ?? {
      fileName,
      size,
      content: Buffer.alloc(0),
      durable: 0,
      completed: undefined,
    };
    if (session.fileName !== fileName || session.size !== size) throw new UploadError('SESSION_MISMATCH');
    this.sessions.set(sessionID, session);
    if (chunk !== undefined && session.content.length === 0) {
      if (crc32(chunk) !== chunkCrc32) throw new UploadError('CHECKSUM_MISMATCH');
      session.content = Buffer.from(chunk);
      this.complete(sessionID, session, fileCrc32);
    }
    const offset = session.content.length;
    connection.begun.set(sessionID, { sent: offset, edge: offset + this.window });
    this.mostUploads = Math.max(this.mostUploads, unfinished(connection, this.sessions));
    return this.answerBegin({
      offset,
      durable: session.durable,
      window: this.window,
      maxChunkSize: this.maxChunkSize,
      prefixCrc32: this.prefixCrc32(session.content),
      expiresAt: 0,
      ...(session.completed && { completed: session.completed }),
    });
  }

  private readChunk(connection: FakeConnection, sessionID: string, { offset, chunk, ...rest }: UploadChunk) {
    const session = this.sessions.get(sessionID);
    const ledger = connection.begun.get(sessionID);
    if (session === undefined || ledger === undefined) throw new UploadError('SESSION_NOT_FOUND');
    if (session.completed) throw new UploadError('UPLOAD_ALREADY_COMPLETE');
    if (offset !== session.content.length) throw new UploadError('OFFSET_MISMATCH', { offset: session.content.length });
    if (chunk.length > this.maxChunkSize) throw new UploadError('CHUNK_TOO_LARGE', { maxChunkSize: this.maxChunkSize });
    if (offset + chunk.length > ledger.edge) throw new UploadError('WINDOW_EXCEEDED');
    if (crc32(chunk) !== rest.crc32) throw new UploadError('CHECKSUM_MISMATCH');
    session.content = Buffer.concat([session.content, chunk]);
    const written = session.content.length;
    if (!this.forgetful || chunk.length === 0) session.durable = written;
    if (rest.last) {
      this.complete(sessionID, session, rest.fileCrc32);
      setImmediate(() => {
        if (connection === this.connection) this.emit(uploadSuccessEvent(sessionID), session.completed);
      });
    }
    ledger.edge = Math.max(ledger.edge, written + this.window);
    return { offset: written, durable: session.durable, window: this.window };
  }

  private complete(sessionID: string, session: FakeSession, fileCrc32: number | undefined): void {
    const { content, fileName, size = content.length } = session;
    if (size !== content.length) throw new UploadError('SIZE_MISMATCH', { size, received: content.length });
    if (crc32(content) !== fileCrc32) throw new UploadError('FILE_CHECKSUM_MISMATCH');
    session.durable = content.length;
    session.completed = { fileId: sessionID, fileName, size, type: '', crc32: fileCrc32, url: `/files/${sessionID}` };
  }

  private count(connection: FakeConnection, { event, payload }: FakeRequest): void {
    const sessionID = sessionOfChunkEvent(event);
    const ledger = sessionID === undefined ? undefined : connection.begun.get(sessionID);
    if (sessionID === undefined || ledger === undefined) return;
    ledger.sent = (payload['offset'] as number) + (payload['chunk'] as Uint8Array).length;
    this.mostInFlight = Math.max(this.mostInFlight, ledger.sent - (this.sessions.get(sessionID)?.content.length ?? 0));
  }

  private forget(session: FakeSession): void {
    session.content = session.content.subarray(0, session.durable);
  }
}

/** The sessions that were begun on a connection, with their windows. */
interface FakeConnection {
  readonly begun: Map<string, { sent: number; edge: number }>;
}

const unfinished = ({ begun }: FakeConnection, sessions: ReadonlyMap<string, FakeSession>): number =>
  [...begun.keys()].filter((sessionID) => sessions.get(sessionID)?.completed === undefined).length;

function kindOf(event: string): 'begin' | 'chunk' | 'cancel' {
  if (event === BEGIN_UPLOAD) return 'begin';
  return event === CANCEL_UPLOAD ? 'cancel' : 'chunk';
}
