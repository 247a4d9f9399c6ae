import { Logger } from '@nestjs/common';
import { UploadError } from '@upload-streams/protocol';
import { randomUUID } from 'node:crypto';
import type { Checkpoint, FileRecord, SessionRecord } from '../../contracts/records.js';
import type { FilePage, LostSession, UploadStore } from '../../contracts/upload-store.js';
import type { RedisConnection, Script } from './redis-connection.js';
import * as scripts from './session-scripts.js';
import { fileOf, hashOf, sessionOf, textOfFile, textOfSession } from './stored-records.js';

/**
 * How long a session stays in Redis. The sweep, which also discards its bytes, comes at least every hour, and has to come
 * first even after Redis was away for a while.
 */
const keptMs = (sessionTtlMs: number) => 2 * sessionTtlMs + 60 * 60 * 1000;

/**
 * Sessions and the catalogue in Redis, shared by many nodes. Each change is one script, so that of two nodes that race, one
 * comes first. While Redis is away, calls wait (see `RedisConnection`).
 */
export class RedisUploadStore implements UploadStore {
  private readonly logger = new Logger('Redis');
  private readonly ttlMs: number;
  /** The ID that Redis had when this node started. */
  private known: string | undefined;

  /** `nodeId`: saved as the holder of the sessions that this node creates or takes over. */
  constructor(
    private readonly redis: RedisConnection,
    private readonly nodeId: string,
    sessionTtlMs: number,
  ) {
    this.ttlMs = keptMs(sessionTtlMs);
  }

  async create(session: SessionRecord): Promise<'created' | 'exists'> {
    const { sessionID, fileId, epoch, checkpoint, updatedAt, completed } = session;
    const { offset, crc32 } = checkpoint;
    const state = [epoch, offset, crc32, updatedAt, completed ? 1 : 0, this.nodeId, this.ttlMs];
    const outcome = await this.change(scripts.CREATE, sessionID, fileId, textOfSession(session), ...state);
    return oneOf(outcome, 'created', 'exists');
  }

  async find(sessionID: string): Promise<SessionRecord | undefined> {
    return sessionOf(await this.redis.call(() => this.redis.client.hGetAll(this.key('session', sessionID))));
  }

  async takeOver(sessionID: string, updatedAt: number): Promise<SessionRecord> {
    const fields = await this.change(scripts.TAKE_OVER, sessionID, updatedAt, this.nodeId, this.ttlMs);
    const session = sessionOf(hashOf(fields));
    if (!session) throw new UploadError('SESSION_NOT_FOUND');
    return session;
  }

  async saveCheckpoint(
    sessionID: string,
    epoch: number,
    { offset, crc32 }: Checkpoint,
    updatedAt: number,
  ): Promise<'saved' | LostSession> {
    const outcome = await this.change(scripts.CHECKPOINT, sessionID, epoch, offset, crc32, updatedAt, this.ttlMs);
    return oneOf(outcome, 'saved', 'fenced', 'missing');
  }

  async complete(epoch: number, file: FileRecord): Promise<'completed' | 'exists' | LostSession> {
    const { sessionID, fileId, owner, createdAt } = file;
    const entry = [fileId, listOf(owner), textOfFile(file), createdAt, this.ttlMs];
    const outcome = await this.change(scripts.COMPLETE, sessionID, epoch, ...entry);
    return oneOf(outcome, 'completed', 'exists', 'fenced', 'missing');
  }

  async addFile(file: FileRecord): Promise<'added' | 'exists'> {
    const { sessionID, fileId, owner } = file;
    const outcome = await this.change(scripts.ADD, sessionID, fileId, listOf(owner), textOfFile(file));
    return oneOf(outcome, 'added', 'exists');
  }

  async remove(sessionID: string, epoch?: number): Promise<boolean> {
    return (await this.change(scripts.REMOVE, sessionID, epoch ?? '')) === 'yes';
  }

  async findIdle(before: number, limit: number): Promise<readonly SessionRecord[]> {
    const found = (await this.redis.run(scripts.FIND_IDLE, before, limit)) as unknown[];
    return this.readable(found, (fields) => sessionOf(hashOf(fields)));
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
    const rows = (await this.redis.run(scripts.LIST_FILES, listOf(owner), below, limit + 1)) as string[];
    const texts = rows.filter((_, index) => index % 2 === 0);
    const nextCursor = texts.length > limit ? rows[2 * limit - 1] : undefined;
    return { files: this.readable(texts.slice(0, limit), fileOf), nextCursor };
  }

  async removeFile(fileId: string): Promise<boolean> {
    const file = await this.findFile(fileId);
    if (!file) return false;
    return (await this.change(scripts.REMOVE_FILE, fileId, listOf(file.owner), file.sessionID)) === 'yes';
  }

  async identity(): Promise<string | undefined> {
    return (await this.redis.call(() => this.redis.client.get(this.identityKey))) ?? undefined;
  }

  async setIdentity(id: string, replace = false): Promise<string> {
    const condition = replace ? {} : { NX: true as const };
    await this.redis.call(() => this.redis.client.set(this.identityKey, id, condition));
    this.known = await this.identity();
    return this.known ?? id;
  }

  async hasFiles(): Promise<boolean> {
    return (await this.redis.call(() => this.redis.client.exists(`${this.redis.prefix}sequence`))) > 0;
  }

  /** Rejects also where Redis lost its data, or is another one. */
  async check(): Promise<void> {
    await this.redis.check();
    if (this.known === undefined || (await this.identity()) === this.known) return;
    this.logger.error(
      'Redis lost the catalogue, or is another one. Put it back from a backup or rebuild it (npm run catalogue:rebuild)',
    );
    throw new UploadError('STORAGE_FAILED');
  }

  async close(): Promise<void> {
    await this.redis.close();
  }

  private get identityKey(): string {
    return `${this.redis.prefix}store-id`;
  }

  private change(change: Script, ...args: readonly (string | number)[]): Promise<unknown> {
    return this.redis.run(change, randomUUID(), ...args);
  }

  /** A record that is not valid does not hide the others from the sweep or from their owner. */
  private readable<T>(rows: readonly unknown[], read: (row: unknown) => T | undefined): T[] {
    return rows.flatMap((row) => {
      try {
        return read(row) ?? [];
      } catch (error) {
        this.logger.warn((error as Error).message);
        return [];
      }
    });
  }

  private key(kind: 'session' | 'file' | 'bytes', id: string): string {
    return `${this.redis.prefix}${kind}:${id}`;
  }
}

/** The key of an owner's files, after the prefix. Files without an owner are in no list. */
const listOf = (owner: string | null) => (owner === null ? '' : `owner:${owner}`);

/** What a script answered. Another word comes from another version of this program, and nobody knows what it did. */
function oneOf<const Outcome extends string>(answer: unknown, ...outcomes: readonly Outcome[]): Outcome {
  const outcome = outcomes.find((one) => one === answer);
  if (outcome === undefined) throw new UploadError('STORAGE_FAILED', undefined, { cause: answer });
  return outcome;
}
