import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import {
  isUploadError,
  UploadError,
  type BegunUpload,
  type ChunkWritten,
  type CompletedUpload,
  type UploadInProgress,
} from '@upload-streams/protocol';
import { UploadEvents } from './upload-events.js';
import { fromHost, toUploadError } from '../errors/host-error.js';
import { UPLOAD_POLICY, type UploadPolicy } from '../contracts/upload-policy.js';
import { isBrokenFile, StorageService } from '../storage/storage.service.js';
import { UPLOAD_OPTIONS, type ResolvedUploadOptions } from '../upload-options.js';
import { Admission, type WantedUpload } from './admission.js';
import { BeginsInHand } from './begins-in-hand.js';
import { toBegunBefore, toCompletedUpload } from './completed-upload.js';
import { FinishedFiles } from './finished-files.js';
import { endsSession, type IncomingChunk, type UploadSession } from './upload-session.js';
import { KeyedQueues } from '../concurrency/serial-queue.js';
import { SessionEndings, type LostCode } from './session-endings.js';
import { SessionOpener, type SessionNote } from './session-opener.js';
import { UPLOAD_SESSION_HANDOVER, type SessionHandover } from '../contracts/session-handover.js';
import type { UploadConnection } from './upload-connection.js';
import type { FileRecord, SessionRecord } from '../contracts/records.js';
import { SessionRegistry } from './session-registry.js';
import { UPLOAD_STORE, type LostSession, type UploadStore } from '../contracts/upload-store.js';

import { WholeFiles } from './whole-files.js';
import { WorkInProgress } from './work-in-progress.js';

/** How many sessions are kept from expiring in one step. */
const TOUCH_AT_ONCE = 100;

/** The life of a session: create, resume, take over, write, complete, cancel. */
@Injectable()
export class SessionService implements OnModuleInit {
  private readonly logger = new Logger(SessionService.name);
  private readonly live: SessionRegistry;
  /** Begin, complete, cancel and release of one session never overlap. */
  private readonly transitions = new KeyedQueues();
  private readonly begins = new BeginsInHand();
  private readonly endings: SessionEndings;
  private readonly finished: FinishedFiles;
  private readonly works = new WorkInProgress();
  private draining = false;

  constructor(
    @Inject(UPLOAD_OPTIONS) private readonly options: ResolvedUploadOptions,
    @Inject(UPLOAD_STORE) private readonly store: UploadStore,
    @Inject(UPLOAD_POLICY) private readonly policy: UploadPolicy,
    private readonly storage: StorageService,
    private readonly admission: Admission,
    private readonly opener: SessionOpener,
    private readonly wholes: WholeFiles,
    private readonly events: UploadEvents,
    @Inject(UPLOAD_SESSION_HANDOVER) private readonly handover: SessionHandover,
  ) {
    this.live = new SessionRegistry(options.maxSessionsPerConnection);
    this.endings = new SessionEndings(this.live, this.transitions, store, storage);
    this.finished = new FinishedFiles(store, storage);
  }

  async onModuleInit(): Promise<void> {
    await this.handover.listen((sessionID) => this.letGo(sessionID));
  }

  /** Unfinished uploads that a connection holds. */
  get liveCount(): number {
    return this.live.size;
  }

  /** Creates the session or goes on with it, taking it over from whoever has it. A small file is complete at once. */
  begin(peer: UploadConnection, wanted: WantedUpload, whole?: IncomingChunk): Promise<BegunUpload> {
    const begin = () => this.beginNext(peer, wanted, whole);
    return this.begins.run(peer, wanted.sessionID, () => this.reported(wanted, peer, 'beginning', begin));
  }

  private async beginNext(peer: UploadConnection, wanted: WantedUpload, whole?: IncomingChunk): Promise<BegunUpload> {
    if (this.draining) throw new UploadError('SERVER_DRAINING');
    const { sessionID } = wanted;
    return this.transitions.run(sessionID, async () => {
      const found = await this.claim(wanted, peer);
      const before = await this.finished.find(sessionID, found);
      if (before) return toBegunBefore(before, wanted, peer.owner, this.options);
      const record = found?.completed ? undefined : found;
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
  private async claim(wanted: WantedUpload, peer: UploadConnection): Promise<SessionRecord | undefined> {
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
  async receive(peer: UploadConnection, sessionID: string, chunk: IncomingChunk): Promise<ChunkWritten> {
    const isHeld = this.live.get(sessionID)?.peer === peer;
    await this.begins.settled(peer, sessionID, chunk.chunk.length, isHeld);
    const session = await this.sessionOf(peer, sessionID);
    const write = () => this.guarded(session, () => session.receive(peer, chunk));
    const written = await this.works.run(peer, sessionID, 'writing', write);
    if (chunk.last) void this.complete(session);
    return written;
  }

  /** Writes the next chunk of a client of the original workflow. */
  async receiveNext(peer: UploadConnection, sessionID: string, bytes: Uint8Array, last: boolean): Promise<void> {
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
    const sessions = this.live.all();
    for (let next = 0; next < sessions.length; next += TOUCH_AT_ONCE) {
      const some = sessions.slice(next, next + TOUCH_AT_ONCE).filter((session) => this.live.has(session));
      await Promise.all(some.map((session) => session.touch().catch(() => undefined)));
    }
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
  async release(peer: UploadConnection): Promise<void> {
    await this.endings.settleAll(this.live.heldBy(peer));
  }

  /** Takes no new work, writes what is in hand and closes every session. */
  async drain(): Promise<void> {
    this.draining = true;
    await this.transitions.settled();
    await this.endings.settleAll(this.live.all());
  }

  /**
   * Removes a session that nobody has continued since `before`, milliseconds since 1970, with its unfinished bytes. Of a
   * completed one only the record is forgotten; the file stays.
   */
  async expire(sessionID: string, before: number): Promise<'expired' | 'forgotten' | 'kept'> {
    return this.transitions.run(sessionID, async () => {
      const record = await this.store.find(sessionID);
      if (!record || record.updatedAt >= before || this.live.get(sessionID)) return 'kept';
      if (record.completed) await this.store.remove(sessionID);
      else await this.endings.drop(record, record.epoch);
      return record.completed ? 'forgotten' : 'expired';
    });
  }

  private readonly note: SessionNote = async (session, checkpoint) => {
    const { record, epoch } = session;
    const outcome = await this.store.checkpoint(record.sessionID, epoch, checkpoint, Date.now());
    if (outcome === 'noted') return;
    const code = this.lost(session, outcome);
    this.fence(session, epoch, code).catch((error) => this.logger.error(error));
    throw new UploadError(code);
  };

  /** What a client is told whose session this node lost. One that is gone from the store can only begin anew. */
  private lost({ record }: UploadSession, outcome: LostSession): LostCode {
    if (outcome === 'fenced') return 'SESSION_TAKEN_OVER';
    this.logger.error(
      `The record of the unfinished upload ${record.fileId} is missing in the session store: it was removed, or the store ` +
        'lost data. The client has to begin it anew.',
    );
    return 'SESSION_NOT_FOUND';
  }

  /** This node lost the session, and was not asked. Its bytes and its record are not ours any more. */
  private async fence(session: UploadSession, epoch: number, code: LostCode): Promise<void> {
    await this.transitions.run(session.record.sessionID, async () => {
      if (session.epoch === epoch && this.live.has(session)) await this.endings.letGo(session, code);
    });
  }

  private async create(wanted: WantedUpload, peer: UploadConnection): Promise<UploadSession> {
    const record = await this.admission.admit(wanted, peer.owner);
    const session = await this.opened(record, peer).catch((error) => {
      this.storage.release(record.fileId);
      throw error;
    });
    this.events.emit({ type: 'begun', sessionID: record.sessionID, owner: record.owner, fileName: record.fileName });
    return session;
  }

  private async opened(record: SessionRecord, peer: UploadConnection): Promise<UploadSession> {
    // An attempt of before, whose outcome nobody knew, came between: it is gone on with.
    if ((await this.store.create(record)) === 'exists') throw new UploadError('SESSION_NOT_FOUND');
    return this.opener.open(record, peer, this.note);
  }

  /** Makes a session live for a connection, within what the connection may have. */
  private async hold(
    peer: UploadConnection,
    sessionID: string,
    open: () => Promise<UploadSession>,
  ): Promise<UploadSession> {
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

  private async resume({ sessionID }: SessionRecord, peer: UploadConnection): Promise<UploadSession> {
    const taken = await this.store.takeOver(sessionID, Date.now());
    const held = this.live.get(sessionID);
    // A completion whose answer was lost came between. Its bytes are those of a file now, and not to be opened.
    if (taken.completed) {
      if (held) await this.endings.letGo(held);
      throw new UploadError('UPLOAD_ALREADY_COMPLETE');
    }
    if (!held) return this.opener.open(taken, peer, this.note);
    if (held.peer !== peer) this.live.release(held.peer, sessionID);
    await held.handOver(peer, taken.epoch);
    return held;
  }

  /** The connection may have ended, or the shutdown begun, while the session was opened. */
  private refuseIfLate(session: UploadSession, peer: UploadConnection): void {
    if (peer.connected && !this.draining) return;
    void this.endings.settleAll([session]);
    throw new UploadError(this.draining ? 'SERVER_DRAINING' : 'CONNECTION_LOST');
  }

  private async sessionOf(peer: UploadConnection, sessionID: string): Promise<UploadSession> {
    const session = this.live.get(sessionID);
    if (session?.peer === peer) return session;
    if (this.draining) throw new UploadError('SERVER_DRAINING');
    if (session && session.record.owner === peer.owner) throw new UploadError('SESSION_TAKEN_OVER');
    const record = session ? undefined : await this.store.find(sessionID);
    const finished = record?.completed && record.owner === peer.owner;
    throw new UploadError(finished ? 'UPLOAD_ALREADY_COMPLETE' : 'SESSION_NOT_FOUND');
  }

  /**
   * Runs work on a session; where it fails for good, the session goes with its bytes before anyone is told. Where there is
   * no room, it is closed, and everything stays: its client goes on once there is room.
   */
  private async guarded<T>(session: UploadSession, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (isUploadError(error, 'STORAGE_FULL')) await this.endings.stop(session);
      else if (session.hasFailed || endsSession(error)) await this.dropFailed(session);
      else if (isBrokenFile(error)) await this.endings.stop(session);
      throw error;
    }
  }

  /** Its client is told why it failed, not that it could not be removed: then it expires. */
  private async dropFailed(session: UploadSession): Promise<void> {
    await this.endings.drop(session.record, session.epoch).catch((error) => this.logger.warn(error));
  }

  private async complete(session: UploadSession): Promise<void> {
    const { sessionID } = session.record;
    try {
      const file = await this.transitions.run(sessionID, async () => {
        // It may have been let go of while its last byte was written; whoever begins it again completes it.
        return this.live.has(session) ? this.guarded(session, () => this.putInPlace(session)) : undefined;
      });
      if (file) session.peer.completed(sessionID, this.toCompleted(file));
    } catch (error) {
      session.peer.failed(sessionID, toUploadError(error));
    }
  }

  /** The last byte is written: inspects the file, puts it into its place and into the catalogue. */
  private async putInPlace(session: UploadSession): Promise<FileRecord> {
    const { sessionID, fileId, owner, fileName, type, metadata } = session.record;
    this.live.remove(session);
    const { record, peer } = session;
    const stored = await this.reported(record, peer, 'verifying', () => session.complete());
    const file = { sessionID, fileId, owner, fileName, type, metadata, ...stored, createdAt: Date.now() };
    await this.reported(record, peer, 'inspecting', () => fromHost(() => this.policy.inspect?.(file)));
    const outcome = await this.completed(session, file);
    if (outcome === 'exists') return this.completedBefore(session);
    if (outcome !== 'completed') throw new UploadError(this.lost(session, outcome));
    this.events.emit({ type: 'completed', file });
    return file;
  }

  /**
   * Rejects where nobody knows whether the catalogue names the file, or will: its bytes stay where they are. Whoever begins
   * the session again is answered with the file, or takes the session over, after which it can't enter any more.
   */
  private async completed(session: UploadSession, file: FileRecord): ReturnType<UploadStore['complete']> {
    try {
      const [outcome] = await Promise.all([this.store.complete(session.epoch, file), this.storage.keepRecord(file)]);
      return outcome;
    } catch (error) {
      if (await this.store.findFile(file.fileId).catch(() => undefined)) return 'completed';
      throw error;
    }
  }

  /** The client sent the same file whole before, by a call whose outcome nobody knew. The catalogue refused this one. */
  private async completedBefore(session: UploadSession): Promise<FileRecord> {
    const file = await this.store.findFileOfSession(session.record.sessionID);
    if (!file) throw new UploadError('STORAGE_FAILED');
    await this.dropFailed(session);
    await this.storage.forgetRecord(session.record.fileId);
    if (file.owner !== session.record.owner) throw new UploadError('SESSION_FORBIDDEN');
    return file;
  }

  /** Long work of which a client of protocol 1 is told that it goes on. Those of the original workflow know no such event. */
  private reported<T>(
    { protocol, sessionID }: Pick<SessionRecord, 'protocol' | 'sessionID'>,
    peer: UploadConnection,
    step: UploadInProgress['step'],
    work: () => Promise<T>,
  ): Promise<T> {
    return protocol === 1 ? this.works.run(peer, sessionID, step, work) : work();
  }

  private begun(session: UploadSession): BegunUpload {
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
function requireConnected(peer: UploadConnection): void {
  if (!peer.connected) throw new UploadError('CONNECTION_LOST');
}
