import { UploadError } from '@upload-streams/protocol';
import { randomUUID } from 'node:crypto';
import type { Checkpoint, FileRecord, SessionRecord } from '../session/session-record.js';
import type { FilePage, SessionStore } from '../session/session-store.js';
import type { RedisConnection, Script } from './redis-connection.js';
import * as scripts from './session-scripts.js';

/** A session stays for so many times its time to live: the sweep, which removes its bytes too, has to come first. */
const TTL_FACTOR = 3;

type Changing = Pick<SessionRecord, 'epoch' | 'checkpoint' | 'updatedAt' | 'completed'>;

/**
 * Sessions and the catalogue in Redis, for many nodes. Each change is one script, so that of two nodes which race one
 * comes first. While Redis is away, calls wait (`RedisConnection`).
 */
export class RedisSessionStore implements SessionStore {
  private readonly ttlMs: number;

  /** `nodeId` is noted as the holder of the sessions that this node creates or takes over. */
  constructor(
    private readonly redis: RedisConnection,
    private readonly nodeId: string,
    sessionTtlMs: number,
  ) {
    this.ttlMs = TTL_FACTOR * sessionTtlMs;
  }

  async create(session: SessionRecord): Promise<void> {
    const { sessionID, fileId, epoch, checkpoint, updatedAt, completed } = session;
    const { offset, crc32 } = checkpoint;
    const state = [epoch, offset, crc32, updatedAt, completed ? 1 : 0, this.nodeId, this.ttlMs];
    const outcome = await this.change(scripts.CREATE, sessionID, fileId, JSON.stringify(session), ...state);
    if (outcome !== 'created') throw new Error(`the session ${sessionID} exists`);
  }

  async find(sessionID: string): Promise<SessionRecord | undefined> {
    return sessionOf(await this.redis.call(() => this.redis.client.hGetAll(this.key('session', sessionID))));
  }

  async takeOver(sessionID: string, updatedAt: number): Promise<SessionRecord> {
    const fields = await this.redis.run(scripts.TAKE_OVER, sessionID, updatedAt, this.nodeId, this.ttlMs);
    const session = sessionOf(hashOf(fields));
    if (!session) throw new UploadError('SESSION_NOT_FOUND');
    return session;
  }

  async checkpoint(
    sessionID: string,
    epoch: number,
    { offset, crc32 }: Checkpoint,
    updatedAt: number,
  ): Promise<boolean> {
    const args = [sessionID, epoch, offset, crc32, updatedAt, this.ttlMs];
    return (await this.redis.run(scripts.CHECKPOINT, ...args)) === 1;
  }

  async complete(epoch: number, file: FileRecord): Promise<boolean> {
    const { sessionID, fileId, owner, createdAt } = file;
    const entry = [fileId, owner ?? '', JSON.stringify(file), createdAt, this.ttlMs];
    return (await this.change(scripts.COMPLETE, sessionID, epoch, ...entry)) === 'completed';
  }

  async add(file: FileRecord): Promise<void> {
    const { sessionID, fileId, owner } = file;
    const outcome = await this.change(scripts.ADD, sessionID, fileId, owner ?? '', JSON.stringify(file));
    if (outcome !== 'added') throw new Error(`the file ${fileId} or the session ${sessionID} is in the catalogue`);
  }

  async remove(sessionID: string, epoch?: number): Promise<boolean> {
    return (await this.change(scripts.REMOVE, sessionID, epoch ?? '')) === 'yes';
  }

  async findIdle(before: number, limit: number): Promise<readonly SessionRecord[]> {
    const found = (await this.redis.run(scripts.FIND_IDLE, before, limit)) as unknown[];
    return found.map((fields) => sessionOf(hashOf(fields))!);
  }

  async isKnown(fileId: string): Promise<boolean> {
    const keys = [this.key('file', fileId), this.key('bytes', fileId)];
    return (await this.redis.call(() => this.redis.client.exists(keys))) > 0;
  }

  async findFile(fileId: string): Promise<FileRecord | undefined> {
    return fileOf(await this.redis.call(() => this.redis.client.get(this.key('file', fileId))));
  }

  async findFileOfSession(sessionID: string): Promise<FileRecord | undefined> {
    return fileOf(await this.redis.run(scripts.FIND_FILE_OF_SESSION, sessionID));
  }

  async listFiles(owner: string, limit: number, cursor?: string): Promise<FilePage> {
    const below = /^\d{1,15}$/.test(cursor ?? '') ? `(${cursor}` : '+inf';
    const rows = (await this.redis.run(scripts.LIST_FILES, owner, below, limit + 1)) as string[];
    const files = rows.filter((_, index) => index % 2 === 0).map((text) => fileOf(text)!);
    const nextCursor = files.length > limit ? rows[2 * limit - 1] : undefined;
    return { files: files.slice(0, limit), nextCursor };
  }

  async removeFile(fileId: string): Promise<boolean> {
    const file = await this.findFile(fileId);
    if (!file) return false;
    return (await this.change(scripts.REMOVE_FILE, fileId, file.owner ?? '', file.sessionID)) === 'yes';
  }

  async check(): Promise<void> {
    await this.redis.check();
  }

  async close(): Promise<void> {
    await this.redis.close();
  }

  private change(change: Script, ...args: readonly (string | number)[]): Promise<unknown> {
    return this.redis.run(change, randomUUID(), ...args);
  }

  private key(kind: 'session' | 'file' | 'bytes', id: string): string {
    return `${this.redis.prefix}${kind}:${id}`;
  }
}

/** Redis gives a hash as names and values by turns. */
function hashOf(fields: unknown): Record<string, string> {
  const list = Array.isArray(fields) ? (fields as string[]) : [];
  return Object.fromEntries(list.flatMap((name, index) => (index % 2 === 0 ? [[name, list[index + 1]!]] : [])));
}

/** What never changes is in `record`, as it was created; the other fields say what became of it. */
function sessionOf(fields: Readonly<Record<string, string>>): SessionRecord | undefined {
  const { record, epoch, offset, crc32, updatedAt, completed } = fields;
  if (record === undefined) return undefined;
  const created = JSON.parse(record) as SessionRecord;
  const changing: Changing = {
    epoch: Number(epoch),
    checkpoint: { offset: Number(offset), crc32: Number(crc32) },
    updatedAt: Number(updatedAt),
    completed: completed === '1',
  };
  // JSON leaves out what is undefined.
  return { ...created, size: created.size, ...changing };
}

function fileOf(text: unknown): FileRecord | undefined {
  return typeof text === 'string' ? (JSON.parse(text) as FileRecord) : undefined;
}
