import { Inject, Injectable, Logger } from '@nestjs/common';
import { UploadError } from '@upload-streams/protocol';
import type { FileRecord, SessionRecord } from '../contracts/records.js';
import { UPLOAD_SESSION_HANDOVER, type SessionHandover } from '../contracts/session-handover.js';
import { UPLOAD_STORE, type UploadStore } from '../contracts/upload-store.js';
import { StorageService } from '../storage/storage.service.js';
import { Admission, type WantedUpload } from './admission/admission.js';
import { SessionRegistry } from './session-registry.js';
import type { UploadConnection } from './upload-connection.js';

/** What exists of an upload that a client begins: a completed file, or the record of an unfinished session. */
export type FoundUpload = { readonly file: FileRecord } | { readonly record: SessionRecord };

/** Where an upload stands: its file if it is complete, otherwise its record and the bytes received so far. */
export type UploadStatus =
  | { readonly file: FileRecord }
  | {
      readonly record: SessionRecord;
      readonly offset: number;
      /** Whether a connection to this process holds the session. */
      readonly live: boolean;
    };

/** Finds sessions in the store, and fetches them from other gateways. Checks their owner. */
@Injectable()
export class SessionLookup {
  private readonly logger = new Logger(SessionLookup.name);

  constructor(
    private readonly registry: SessionRegistry,
    @Inject(UPLOAD_STORE) private readonly store: UploadStore,
    @Inject(UPLOAD_SESSION_HANDOVER) private readonly handover: SessionHandover,
    private readonly storage: StorageService,
    private readonly admission: Admission,
  ) {}

  /**
   * Finds the session, after other gateways have released it; undefined if it is new. Throws if it has another owner or
   * belongs to another file.
   */
  async claim(wanted: WantedUpload, connection: UploadConnection): Promise<FoundUpload | undefined> {
    const record = await this.claimRecord(wanted, connection);
    if (record && !record.completed) return { record };
    const file = await this.findFileOrForget(wanted.sessionID, record);
    if (!file) return undefined;
    this.admission.readmitCompleted(file, wanted, connection.owner);
    return { file };
  }

  /** Returns the record of a session that its owner may cancel. Other gateways release it first. */
  async claimToCancel(owner: string | null, sessionID: string): Promise<SessionRecord> {
    const record = await this.requireCancellable(owner, sessionID);
    const changed = !this.registry.get(sessionID) && (await this.handover.request(sessionID));
    return changed ? this.requireCancellable(owner, sessionID) : record;
  }

  /** Finds an upload for its owner, and changes nothing. Without a live session here, only durable bytes count. */
  async status(owner: string | null, sessionID: string): Promise<UploadStatus> {
    const record = await this.store.find(sessionID);
    const file = record && !record.completed ? undefined : await this.store.findFileOfSession(sessionID);
    const found = file ?? record;
    if (!found || (record?.completed && !file)) throw new UploadError('SESSION_NOT_FOUND');
    if (found.owner !== owner) throw new UploadError('SESSION_FORBIDDEN');
    if (file) return { file };
    const live = this.registry.get(sessionID);
    const offset = live?.answerBegin().offset ?? record!.checkpoint.offset;
    return { record: record!, offset, live: live !== undefined };
  }

  /** Why a connection that sends a chunk does not hold its session. */
  async whyNotHeld(connection: UploadConnection, sessionID: string): Promise<UploadError> {
    const session = this.registry.get(sessionID);
    if (session && session.record.owner === connection.owner) return new UploadError('SESSION_TAKEN_OVER');
    const record = session ? undefined : await this.store.find(sessionID);
    const isCompleted = record?.completed && record.owner === connection.owner;
    return new UploadError(isCompleted ? 'UPLOAD_ALREADY_COMPLETE' : 'SESSION_NOT_FOUND');
  }

  private async claimRecord(wanted: WantedUpload, connection: UploadConnection): Promise<SessionRecord | undefined> {
    const { sessionID } = wanted;
    const record = await this.store.find(sessionID);
    requireConnected(connection);
    if (!record) return undefined;
    this.admission.readmit(record, wanted, connection.owner);
    if (record.completed || this.registry.get(sessionID)) return record;
    const current = (await this.handover.request(sessionID)) ? await this.store.find(sessionID) : record;
    requireConnected(connection);
    if (current) this.admission.readmit(current, wanted, connection.owner);
    return current;
  }

  /**
   * Finds the file of a session that is complete, or that never had a record. Checks that its bytes are there, because
   * once a client is told that the file is stored, it may delete its own copy. If they are missing or too short, the
   * entry is removed from the catalogue, so that the client can upload the file again; no bytes are removed.
   */
  private async findFileOrForget(
    sessionID: string,
    record: SessionRecord | undefined,
  ): Promise<FileRecord | undefined> {
    const file = await this.store.findFileOfSession(sessionID);
    if (file && (await this.storage.has(file))) return file;
    if (file) {
      this.logger.error(`The bytes of the file ${file.fileId} are missing; its client uploads them again`);
      await this.store.removeFile(file.fileId);
    } else if (record) await this.store.remove(sessionID);
    return undefined;
  }

  private async requireCancellable(owner: string | null, sessionID: string): Promise<SessionRecord> {
    const record = await this.store.find(sessionID);
    if (!record) throw new UploadError('SESSION_NOT_FOUND');
    if (record.owner !== owner) throw new UploadError('SESSION_FORBIDDEN');
    if (record.completed) throw new UploadError('UPLOAD_ALREADY_COMPLETE');
    return record;
  }
}

/**
 * A begin that had to wait may come from a connection that has since closed. Its client may have begun again over
 * another connection, from which this one must not take the session.
 */
function requireConnected(connection: UploadConnection): void {
  if (!connection.connected) throw new UploadError('CONNECTION_LOST');
}
