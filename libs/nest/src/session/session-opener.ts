import { Inject, Injectable } from '@nestjs/common';
import { crc32 } from '@node-rs/crc32';
import { UploadError } from '@upload-streams/protocol';
import type { Checkpoint, SessionRecord } from '../contracts/records.js';
import type { PartialFile } from '../contracts/partial-file.js';
import { UPLOAD_STORE, type UploadStore } from '../contracts/upload-store.js';
import { StorageService } from '../storage/storage.service.js';
import { UPLOAD_OPTIONS, type ResolvedUploadOptions } from '../upload-options.js';
import { Admission, type WantedUpload } from './admission/admission.js';
import type { IncomingChunk } from './flow/incoming-chunk.js';
import { SessionEndings } from './session-endings.js';
import { SessionRegistry } from './session-registry.js';
import type { UploadConnection } from './upload-connection.js';
import { UploadEvents } from './upload-events.js';
import { UploadSession, type SaveCheckpoint, type UploadSessionOptions } from './upload-session.js';
import { WindowBudget } from './flow/window-budget.js';

/** Opens sessions for a connection: creates, resumes or takes over. */
@Injectable()
export class SessionOpener {
  private readonly budget: WindowBudget;

  constructor(
    @Inject(UPLOAD_OPTIONS) private readonly options: ResolvedUploadOptions,
    @Inject(UPLOAD_STORE) private readonly store: UploadStore,
    private readonly storage: StorageService,
    private readonly admission: Admission,
    private readonly registry: SessionRegistry,
    private readonly endings: SessionEndings,
    private readonly events: UploadEvents,
  ) {
    this.budget = new WindowBudget(options.windowBudgetBytes, options.maxWindowBytes);
  }

  async create(wanted: WantedUpload, connection: UploadConnection): Promise<UploadSession> {
    const record = await this.admission.admit(wanted, connection.owner);
    const session = await this.createAndOpen(record, connection).catch((error) => {
      this.storage.release(record.fileId);
      throw error;
    });
    this.announceBegin(record);
    return session;
  }

  /** Admits a file that arrives whole in `begin_upload`. No session is created. */
  async admitWhole(wanted: WantedUpload, connection: UploadConnection, chunk: IncomingChunk): Promise<SessionRecord> {
    const record = await this.admission.admit(wanted, connection.owner);
    this.storage.release(record.fileId);
    this.admission.checkWhole(wanted, chunk);
    this.announceBegin(record);
    return record;
  }

  /** Takes the session over from the connection that holds it, if any. The new epoch fences that connection off. */
  async resume({ sessionID }: SessionRecord, connection: UploadConnection): Promise<UploadSession> {
    const taken = await this.store.takeOver(sessionID, Date.now());
    const held = this.registry.get(sessionID);
    // The session was completed by a call whose answer was lost. Its bytes belong to a file now, and stay closed.
    if (taken.completed) {
      if (held) await this.endings.yield(held);
      throw new UploadError('UPLOAD_ALREADY_COMPLETE');
    }
    if (!held) return this.open(taken, connection);
    this.registry.leave(held, connection);
    await held.takeOver(connection, taken.epoch);
    return held;
  }

  private async createAndOpen(record: SessionRecord, connection: UploadConnection): Promise<UploadSession> {
    // An earlier attempt, whose outcome was unknown, has created the session. The client's next attempt resumes it.
    if ((await this.store.create(record)) === 'exists') throw new UploadError('SESSION_NOT_FOUND');
    return this.open(record, connection);
  }

  private open(record: SessionRecord, connection: UploadConnection): Promise<UploadSession> {
    return openSession(record, connection, {
      storage: this.storage,
      budget: this.budget,
      options: this.options,
      save: this.saveCheckpoint,
    });
  }

  private announceBegin({ sessionID, owner, fileName }: SessionRecord): void {
    this.events.emit({ type: 'begun', sessionID, owner, fileName });
  }

  private readonly saveCheckpoint: SaveCheckpoint = async (session, checkpoint) => {
    const { record, epoch } = session;
    const outcome = await this.store.saveCheckpoint(record.sessionID, epoch, checkpoint, Date.now());
    if (outcome !== 'saved') throw this.endings.fence(session, epoch, outcome);
  };
}

export interface OpenSessionParts {
  readonly storage: StorageService;
  readonly budget: WindowBudget;
  readonly options: UploadSessionOptions;
  readonly save: SaveCheckpoint;
}

/** Opens the partial file of a recorded session, and finds the offset at which it continues. */
export async function openSession(
  record: SessionRecord,
  connection: UploadConnection,
  { storage, budget, options, save }: OpenSessionParts,
): Promise<UploadSession> {
  const isNew = record.epoch === 1;
  const file = await (isNew ? storage.create(record) : storage.open(record, record.checkpoint));
  try {
    const start = await findStart(file);
    await storage.reserve(record.fileId, Math.max(0, (record.size ?? 0) - start.offset));
    return new UploadSession(record, file, start, budget, options, connection, save);
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The offset counts only bytes that the storage back end holds. Only the bytes after the checkpoint are read again. */
async function findStart(file: PartialFile): Promise<Checkpoint> {
  let { offset, crc32: crc } = file.durable;
  if (file.size > offset) {
    for await (const bytes of file.read(offset)) {
      crc = crc32(bytes, crc);
      offset += bytes.length;
    }
  }
  return { offset, crc32: crc };
}
