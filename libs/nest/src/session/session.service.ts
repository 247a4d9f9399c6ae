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
import { toBegunBefore, toCompletedUpload } from './completed-upload.js';
import { endsSession, type IncomingChunk, type LiveSession } from './live-session.js';
import { KeyedQueues } from './serial-queue.js';
import { SessionEndings } from './session-endings.js';
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
  private readonly endings: SessionEndings;
  private draining = false;

  constructor(
    @Inject(UPLOAD_OPTIONS) private readonly options: ResolvedUploadOptions,
    @Inject(UPLOAD_SESSION_STORE) private readonly store: SessionStore,
    @Inject(UPLOAD_POLICY) private readonly policy: UploadPolicy,
    storage: StorageService,
    private readonly admission: Admission,
    private readonly opener: SessionOpener,
    private readonly wholes: WholeFiles,
    private readonly events: UploadEvents,
    @Inject(UPLOAD_SESSION_HANDOVER) private readonly handover: SessionHandover,
  ) {
    this.live = new SessionRegistry(options.maxSessionsPerConnection);
    this.endings = new SessionEndings(this.live, this.transitions, store, storage);
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
        if (file) return toBegunBefore(file, wanted, peer.owner, this.options);
      }
      if (!record && whole?.last) {
        const file = await this.wholes.keep(wanted, peer.owner, whole);
        return toBegunBefore(file, wanted, peer.owner, this.options);
      }
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
    if (current) this.admission.readmit(current, wanted, peer.owner);
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
      if (session) await this.endings.letGo(session);
    });
  }

  /** Keeps the sessions that are live here from expiring, also those of which nothing was noted for long. */
  async keepAlive(): Promise<void> {
    await Promise.all(this.live.all().map((session) => session.touch().catch(() => undefined)));
  }

  /** Drops a session and its bytes, whoever holds it, if it is the owner's. */
  async cancel(owner: string | null, sessionID: string): Promise<void> {
    await this.transitions.run(sessionID, async () => {
      let record = await this.cancellable(owner, sessionID);
      const elsewhere = !this.live.get(sessionID) && (await this.handover.request(sessionID));
      if (elsewhere) record = await this.cancellable(owner, sessionID);
      this.live.get(sessionID)?.peer.failed(sessionID, new UploadError('UPLOAD_CANCELLED'));
      await this.endings.drop(record);
      this.events.emit({ type: 'cancelled', sessionID });
    });
  }

  private async cancellable(owner: string | null, sessionID: string): Promise<SessionRecord> {
    const record = await this.store.find(sessionID);
    if (!record) throw new UploadError('SESSION_NOT_FOUND');
    if (record.owner !== owner) throw new UploadError('SESSION_FORBIDDEN');
    if (record.completed) throw new UploadError('UPLOAD_ALREADY_COMPLETE');
    return record;
  }

  /** A connection ended: its sessions are written down and closed, to be resumed; those of old clients can't be. */
  async release(peer: SessionPeer): Promise<void> {
    await this.endings.settleAll(this.live.heldBy(peer));
  }

  /** Takes no new work, writes what is in hand and closes every session. */
  async drain(): Promise<void> {
    this.draining = true;
    await this.transitions.settled();
    await this.endings.settleAll(this.live.all());
  }

  /** Removes a session that nobody has continued since `before`, milliseconds since 1970. Gives whether it did. */
  async expire(sessionID: string, before: number): Promise<boolean> {
    return this.transitions.run(sessionID, async () => {
      const record = await this.store.find(sessionID);
      if (!record || record.updatedAt >= before || this.live.get(sessionID)) return false;
      if (record.completed) await this.store.remove(sessionID);
      else await this.endings.drop(record, record.epoch);
      return !record.completed;
    });
  }

  private readonly note: SessionNote = async (session, checkpoint) => {
    const { record, epoch } = session;
    if (await this.store.checkpoint(record.sessionID, epoch, checkpoint, Date.now())) return;
    this.fence(session, epoch).catch((error) => this.logger.error(error));
    throw new UploadError('SESSION_TAKEN_OVER');
  };

  /** Another node took the session over, and this one was not asked. Its bytes and its record are not ours any more. */
  private async fence(session: LiveSession, epoch: number): Promise<void> {
    await this.transitions.run(session.record.sessionID, async () => {
      if (session.epoch === epoch && this.live.has(session)) await this.endings.letGo(session);
    });
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
    void this.endings.settleAll([session]);
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
      if (session.hasFailed || endsSession(error)) await this.endings.drop(session.record, session.epoch);
      else if (session.isBroken) await this.endings.closeBroken(session);
      throw error;
    }
  }

  private async complete(session: LiveSession): Promise<void> {
    const { sessionID } = session.record;
    try {
      const file = await this.transitions.run(sessionID, async () => {
        // It may have been let go of while its last byte was written; whoever begins it again completes it.
        return this.live.has(session) ? this.guarded(session, () => this.putInPlace(session)) : undefined;
      });
      if (file) session.peer.completed(sessionID, this.toCompleted(file));
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

  private begun(session: LiveSession): BegunUpload {
    return { ...session.begun(), expiresAt: Date.now() + this.options.sessionTtlMs };
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
