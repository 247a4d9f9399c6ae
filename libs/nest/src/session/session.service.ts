import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { UploadError, type BegunUpload, type ChunkWritten, type CompletedUpload } from '@upload-streams/protocol';
import { UploadEvents } from '../events/upload-events.js';
import type { UploadPolicy } from '../policy/upload-policy.js';
import { StorageService } from '../storage/storage.service.js';
import { storedNameOf } from '../storage/stored-name.js';
import type { ResolvedUploadOptions } from '../upload-options.js';
import { UPLOAD_OPTIONS, UPLOAD_POLICY, UPLOAD_SESSION_HANDOVER, UPLOAD_SESSION_STORE } from '../upload.tokens.js';
import { Admission, type WantedUpload } from './admission.js';
import { BeginsInHand } from './begins-in-hand.js';
import { toCompletedUpload } from './completed-upload.js';
import { endsSession, type IncomingChunk, type LiveSession } from './live-session.js';
import { KeyedQueues } from './serial-queue.js';
import { SessionOpener, type SessionNote } from './session-opener.js';
import type { SessionHandover } from './session-handover.js';
import type { SessionPeer } from './session-peer.js';
import type { FileRecord, SessionRecord } from './session-record.js';
import { SessionRegistry } from './session-registry.js';
import type { SessionStore } from './session-store.js';
import { WholeFiles } from './whole-files.js';

/** The life of a session: create, resume, take over, write, complete, cancel. */
@Injectable()
export class SessionService implements OnModuleInit {
  private readonly logger = new Logger(SessionService.name);
  private readonly live: SessionRegistry;
  /** Begin, complete, cancel and release of one session never overlap. */
  private readonly transitions = new KeyedQueues();
  private readonly begins = new BeginsInHand();
  private draining = false;

  constructor(
    @Inject(UPLOAD_OPTIONS) private readonly options: ResolvedUploadOptions,
    @Inject(UPLOAD_SESSION_STORE) private readonly store: SessionStore,
    @Inject(UPLOAD_POLICY) private readonly policy: UploadPolicy,
    private readonly storage: StorageService,
    private readonly admission: Admission,
    private readonly opener: SessionOpener,
    private readonly wholes: WholeFiles,
    private readonly events: UploadEvents,
    @Inject(UPLOAD_SESSION_HANDOVER) private readonly handover: SessionHandover,
  ) {
    this.live = new SessionRegistry(options.maxSessionsPerConnection);
  }

  async onModuleInit(): Promise<void> {
    await this.handover.listen((sessionID) => this.letGo(sessionID));
  }

  /** Unfinished uploads that a connection holds. */
  get liveCount(): number {
    return this.live.size;
  }

  /** Creates the session or goes on with it, taking it over from whoever has it. A small file is complete at once. */
  begin(peer: SessionPeer, wanted: WantedUpload, whole?: IncomingChunk): Promise<BegunUpload> {
    return this.begins.run(peer, wanted.sessionID, () => this.beginNext(peer, wanted, whole));
  }

  private async beginNext(peer: SessionPeer, wanted: WantedUpload, whole?: IncomingChunk): Promise<BegunUpload> {
    if (this.draining) throw new UploadError('SERVER_DRAINING');
    const { sessionID } = wanted;
    return this.transitions.run(sessionID, async () => {
      const record = await this.claim(wanted, peer);
      if (!record || record.completed) {
        const file = await this.store.findFileOfSession(sessionID);
        if (file) return this.begunBefore(file, wanted, peer);
      }
      if (!record && whole?.last)
        return this.begunBefore(await this.wholes.keep(wanted, peer.owner, whole), wanted, peer);
      const session = await this.hold(peer, sessionID, () =>
        record ? this.resume(record, peer) : this.create(wanted, peer),
      );
      this.refuseIfLate(session, peer);
      if (!whole || !session.isEmpty) return this.begun(session);
      await this.guarded(session, () => session.receive(peer, whole));
      if (!whole.last) return this.begun(session);
      const file = await this.guarded(session, () => this.putInPlace(session));
      return { ...this.begun(session), durable: file.size, completed: this.toCompleted(file) };
    });
  }

  /** The session as it is once no other node holds it, if it exists and is this owner's. */
  private async claim(wanted: WantedUpload, peer: SessionPeer): Promise<SessionRecord | undefined> {
    const { sessionID } = wanted;
    const record = await this.store.find(sessionID);
    requireConnected(peer);
    if (!record) return undefined;
    this.admission.readmit(record, wanted, peer.owner);
    if (record.completed || this.live.get(sessionID)) return record;
    const current = (await this.handover.request(sessionID)) ? await this.store.find(sessionID) : record;
    requireConnected(peer);
    return current;
  }

  /** Writes a chunk. The last one sets off the completion, of which the peer is told when it is done. */
  async receive(peer: SessionPeer, sessionID: string, chunk: IncomingChunk): Promise<ChunkWritten> {
    const isHeld = this.live.get(sessionID)?.peer === peer;
    await this.begins.settled(peer, sessionID, chunk.chunk.length, isHeld);
    const session = await this.sessionOf(peer, sessionID);
    const written = await this.guarded(session, () => session.receive(peer, chunk));
    if (chunk.last) void this.complete(session);
    return written;
  }

  /** Writes the next chunk of a client of the original workflow. */
  async receiveNext(peer: SessionPeer, sessionID: string, bytes: Uint8Array, last: boolean): Promise<void> {
    const session = await this.sessionOf(peer, sessionID);
    await this.guarded(session, () => session.receiveNext(peer, bytes, last));
    if (last) void this.complete(session);
  }

  /** Another node wants the session. One that is being completed is completed before. */
  async letGo(sessionID: string): Promise<void> {
    await this.transitions.run(sessionID, async () => {
      const session = this.live.get(sessionID);
      if (session) await this.letGoOf(session);
    });
  }

  /** Keeps the sessions that are live here from expiring, also those of which nothing was noted for long. */
  async keepAlive(): Promise<void> {
    await Promise.all(this.live.all().map((session) => session.touch().catch(() => undefined)));
  }

  /** Drops a session and its bytes, whoever holds it, if it is the owner's. */
  async cancel(owner: string | null, sessionID: string): Promise<void> {
    await this.transitions.run(sessionID, async () => {
      if (!this.live.get(sessionID)) await this.handover.request(sessionID);
      const record = await this.store.find(sessionID);
      if (!record) throw new UploadError('SESSION_NOT_FOUND');
      if (record.owner !== owner) throw new UploadError('SESSION_FORBIDDEN');
      if (record.completed) throw new UploadError('UPLOAD_ALREADY_COMPLETE');
      this.live.get(sessionID)?.peer.failed(sessionID, new UploadError('UPLOAD_CANCELLED'));
      await this.drop(record);
      this.events.emit({ type: 'cancelled', sessionID });
    });
  }

  /** A connection ended: its sessions are written down and closed, to be resumed; those of old clients can't be. */
  async release(peer: SessionPeer): Promise<void> {
    await Promise.all(this.live.heldBy(peer).map((session) => this.settle(session)));
  }

  /** Takes no new work, writes what is in hand and closes every session. */
  async drain(): Promise<void> {
    this.draining = true;
    await this.transitions.settled();
    await Promise.all(this.live.all().map((session) => this.settle(session)));
  }

  /** Removes a session that nobody has continued since `before`, milliseconds since 1970. Gives whether it did. */
  async expire(sessionID: string, before: number): Promise<boolean> {
    return this.transitions.run(sessionID, async () => {
      const record = await this.store.find(sessionID);
      if (!record || record.updatedAt >= before || this.live.get(sessionID)) return false;
      if (record.completed) await this.store.remove(sessionID);
      else await this.drop(record, record.epoch);
      return !record.completed;
    });
  }

  private readonly note: SessionNote = async (session, checkpoint) => {
    const { record, epoch } = session;
    if (await this.store.checkpoint(record.sessionID, epoch, checkpoint, Date.now())) return;
    void this.fence(session, epoch);
    throw new UploadError('SESSION_TAKEN_OVER');
  };

  /** Another node took the session over, and this one was not asked. Its bytes and its record are not ours any more. */
  private async fence(session: LiveSession, epoch: number): Promise<void> {
    await this.transitions.run(session.record.sessionID, async () => {
      if (session.epoch === epoch && this.isLive(session)) await this.letGoOf(session);
    });
  }

  /** Writes down what there is and closes it; another connection has it now, on this node or on another one. */
  private async letGoOf(session: LiveSession): Promise<void> {
    this.live.remove(session);
    session.peer.failed(session.record.sessionID, new UploadError('SESSION_TAKEN_OVER'));
    await session.close().catch((error) => this.logger.warn(error));
  }

  /** Its client begins again, and goes on from what was durable. */
  private async closeBroken(session: LiveSession): Promise<void> {
    if (!this.isLive(session)) return;
    this.live.remove(session);
    await session.close().catch((error) => this.logger.warn(error));
  }

  private isLive(session: LiveSession): boolean {
    return this.live.get(session.record.sessionID) === session;
  }

  private async create(wanted: WantedUpload, peer: SessionPeer): Promise<LiveSession> {
    const record = await this.admission.admit(wanted, peer.owner);
    await this.store.create(record);
    const session = await this.opener.open(record, peer, this.note);
    this.events.emit({ type: 'begun', sessionID: record.sessionID, owner: record.owner, fileName: record.fileName });
    return session;
  }

  /** Makes a session live for a connection, within what the connection may have. */
  private async hold(peer: SessionPeer, sessionID: string, open: () => Promise<LiveSession>): Promise<LiveSession> {
    this.live.reserve(peer, sessionID);
    try {
      const session = await open();
      this.live.add(session);
      return session;
    } catch (error) {
      this.live.release(peer, sessionID);
      throw error;
    }
  }

  private async resume({ sessionID }: SessionRecord, peer: SessionPeer): Promise<LiveSession> {
    const taken = await this.store.takeOver(sessionID, Date.now());
    const held = this.live.get(sessionID);
    if (!held) return this.opener.open(taken, peer, this.note);
    if (held.peer !== peer) this.live.release(held.peer, sessionID);
    await held.handOver(peer, taken.epoch);
    return held;
  }

  /** The connection may have ended, or the shutdown begun, while the session was opened. */
  private refuseIfLate(session: LiveSession, peer: SessionPeer): void {
    if (peer.connected && !this.draining) return;
    void this.settle(session);
    throw new UploadError(this.draining ? 'SERVER_DRAINING' : 'CONNECTION_LOST');
  }

  private async sessionOf(peer: SessionPeer, sessionID: string): Promise<LiveSession> {
    const session = this.live.get(sessionID);
    if (session?.peer === peer) return session;
    if (this.draining) throw new UploadError('SERVER_DRAINING');
    if (session && session.record.owner === peer.owner) throw new UploadError('SESSION_TAKEN_OVER');
    const record = session ? undefined : await this.store.find(sessionID);
    const finished = record?.completed && record.owner === peer.owner;
    throw new UploadError(finished ? 'UPLOAD_ALREADY_COMPLETE' : 'SESSION_NOT_FOUND');
  }

  /** Runs work on a session; where it fails for good, the session goes with its bytes before anyone is told. */
  private async guarded<T>(session: LiveSession, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (session.hasFailed || endsSession(error)) await this.drop(session.record, session.epoch);
      else if (session.isBroken) await this.closeBroken(session);
      throw error;
    }
  }

  private async complete(session: LiveSession): Promise<void> {
    const { sessionID } = session.record;
    try {
      const file = await this.transitions.run(sessionID, () => this.guarded(session, () => this.putInPlace(session)));
      session.peer.completed(sessionID, this.toCompleted(file));
    } catch (error) {
      if (!(error instanceof UploadError)) this.logger.error(error);
      session.peer.failed(sessionID, UploadError.from(error));
    }
  }

  /** The last byte is written: inspects the file, puts it into its place and into the catalogue. */
  private async putInPlace(session: LiveSession): Promise<FileRecord> {
    const { sessionID, fileId, owner, fileName, type, metadata } = session.record;
    const storedName = storedNameOf(fileName);
    this.live.remove(session);
    const stored = await session.complete(storedName);
    const file = { sessionID, fileId, owner, fileName, type, metadata, storedName, ...stored, createdAt: Date.now() };
    await this.policy.inspect?.(file);
    if (!(await this.store.complete(session.epoch, file))) throw new UploadError('SESSION_TAKEN_OVER');
    this.events.emit({ type: 'completed', file });
    return file;
  }

  private async settle(session: LiveSession): Promise<void> {
    const { record } = session;
    await this.transitions.run(record.sessionID, async () => {
      if (!this.isLive(session)) return;
      if (record.protocol === 0) return this.drop(record);
      this.live.remove(session);
      await session.close();
    });
  }

  /** Who lost the session drops nothing of it. The bytes go first: on a full disk, the record needs their room to go. */
  private async drop({ sessionID, fileId }: SessionRecord, epoch?: number): Promise<void> {
    const session = this.live.get(sessionID);
    if (session) this.live.remove(session);
    const held = epoch ?? session?.epoch;
    const record = await this.store.find(sessionID);
    if (!record || (held !== undefined && record.epoch !== held)) return session?.close();
    await session?.abort();
    await this.storage.abort(fileId);
    await this.store.remove(sessionID, held);
  }

  private begun(session: LiveSession): BegunUpload {
    return { ...session.begun(), expiresAt: Date.now() + this.options.sessionTtlMs };
  }

  /** The session was completed; its record may be gone by now, its file is not. */
  private begunBefore(file: FileRecord, wanted: WantedUpload, peer: SessionPeer): BegunUpload {
    if (file.owner !== peer.owner) throw new UploadError('SESSION_FORBIDDEN');
    if (wanted.protocol !== 1 || (wanted.size ?? file.size) !== file.size) throw new UploadError('SESSION_MISMATCH');
    return {
      offset: file.size,
      durable: file.size,
      window: 0,
      maxChunkSize: this.options.maxChunkBytes,
      prefixCrc32: file.crc32,
      expiresAt: Date.now() + this.options.sessionTtlMs,
      completed: this.toCompleted(file),
    };
  }

  private toCompleted(file: FileRecord): CompletedUpload {
    return toCompletedUpload(file, this.options.fileUrl);
  }
}

/**
 * A begin that had to wait may be of a connection that has ended by now; its client may have begun again over another one,
 * from which this one must not take the session.
 */
function requireConnected(peer: SessionPeer): void {
  if (!peer.connected) throw new UploadError('CONNECTION_LOST');
}
