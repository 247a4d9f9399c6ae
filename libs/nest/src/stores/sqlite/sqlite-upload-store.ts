import { UploadError } from '@upload-streams/protocol';
import { chmodSync, closeSync, fdatasync, openSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { CataloguePlace, damageOf } from './catalogue-place.js';
import { GroupCommit } from './group-commit.js';
import { fileOf, fileRow, sessionOf, sessionRow, type Row } from './rows.js';
import { loadSqlite } from './load-sqlite.js';
import { openSchema } from './schema.js';
import { isBusy, isDamage, isFull } from './sqlite-errors.js';
import { prepare, type Statements } from './statements.js';
import type { Checkpoint, FileRecord, SessionRecord } from '../../contracts/records.js';
import type { FilePage, LostSession, UploadStore } from '../../contracts/upload-store.js';

const sync = promisify(fdatasync);

/** Names of facts. */
const IDENTITY = 'store-id';
const CHECKED = 'checked-at';
const IN_USE =
  'another process may have it open, or another UploadModule of this application. Stop that process, or give each its own ' +
  'data folder';

/** Sessions and the catalogue in one SQLite file: the default, for one process. */
export class SqliteUploadStore implements UploadStore {
  private readonly changes: GroupCommit;

  private constructor(
    private readonly database: DatabaseSync,
    private readonly statements: Statements,
    private readonly log: number,
    private readonly place: CataloguePlace,
  ) {
    this.changes = new GroupCommit(database, () => sync(log));
  }

  /**
   * Opens or makes the file. Throws a sentence for the operator where another process has it open, it is damaged, or this
   * Node has no `node:sqlite`.
   */
  static open(path: string): SqliteUploadStore {
    const { DatabaseSync } = loadSqlite();
    const database = new DatabaseSync(path);
    try {
      openSchema(database, path);
    } catch (cause) {
      database.close();
      if (isBusy(cause)) throw new Error(`The catalogue ${path} can't be used: ${IN_USE}`, { cause });
      throw isDamage(cause) ? new Error(`${damageOf(path)}, and start again`, { cause }) : cause;
    }
    for (const file of [path, `${path}-wal`]) chmodSync(file, 0o600);
    const place = new CataloguePlace(path);
    return new SqliteUploadStore(database, prepare(database), openSync(`${path}-wal`, 'r+'), place);
  }

  async create(session: SessionRecord): Promise<'created' | 'exists'> {
    return this.change(() => (this.statements.create.run(sessionRow(session)).changes === 1 ? 'created' : 'exists'));
  }

  async find(sessionID: string): Promise<SessionRecord | undefined> {
    // Every begin asks this first, so no bytes are stored for sessions that could not be saved.
    this.place.require();
    return sessionOf(this.read(() => this.statements.find.get({ sessionID }) as Row | undefined));
  }

  async takeOver(sessionID: string, updatedAt: number): Promise<SessionRecord> {
    const row = await this.change(() => this.statements.takeOver.get({ sessionID, updatedAt }) as Row | undefined);
    const session = sessionOf(row);
    if (!session) throw new UploadError('SESSION_NOT_FOUND');
    return session;
  }

  async saveCheckpoint(
    sessionID: string,
    epoch: number,
    { offset, crc32 }: Checkpoint,
    updatedAt: number,
  ): Promise<'saved' | LostSession> {
    const values = { sessionID, epoch, offset, crc32, updatedAt };
    return this.change(() => (this.statements.checkpoint.run(values).changes === 1 ? 'saved' : this.lost(sessionID)));
  }

  async complete(epoch: number, file: FileRecord): Promise<'completed' | 'exists' | LostSession> {
    const { sessionID, createdAt } = file;
    return this.change(() => {
      const session = this.statements.holder.get({ sessionID, epoch });
      if (!session) return this.lost(sessionID);
      if (this.isFile(file)) return 'exists';
      this.statements.complete.run({ sessionID, epoch, createdAt });
      this.statements.addFile.run(fileRow(file));
      return 'completed';
    });
  }

  async addFile(file: FileRecord): Promise<'added' | 'exists'> {
    return this.change(() => {
      if (this.isFile(file)) return 'exists';
      this.statements.addFile.run(fileRow(file));
      return 'added';
    });
  }

  async remove(sessionID: string, epoch?: number): Promise<boolean> {
    const values = { sessionID, epoch: epoch ?? null };
    return this.change(() => this.statements.remove.run(values).changes === 1);
  }

  async findIdle(before: number, limit: number): Promise<readonly SessionRecord[]> {
    const rows = this.read(() => this.statements.findIdle.all({ before, limit }) as Row[]);
    return rows.map((row) => sessionOf(row)!);
  }

  async isKnown(fileId: string): Promise<boolean> {
    return this.read(() => this.statements.isKnown.get({ fileId })) !== undefined;
  }

  async findFile(fileId: string): Promise<FileRecord | undefined> {
    return fileOf(this.read(() => this.statements.findFile.get({ fileId }) as Row | undefined));
  }

  async findFileOfSession(sessionID: string): Promise<FileRecord | undefined> {
    return fileOf(this.read(() => this.statements.findFileOfSession.get({ sessionID }) as Row | undefined));
  }

  async listFiles(owner: string, limit: number, cursor?: string): Promise<FilePage> {
    const below = /^\d{1,15}$/.test(cursor ?? '') ? Number(cursor) : Number.MAX_SAFE_INTEGER;
    const rows = this.read(() => this.statements.listFiles.all({ owner, below, limit: limit + 1 }) as Row[]);
    const page = rows.slice(0, limit);
    const nextCursor = rows.length > limit ? String(page.at(-1)!['number']) : undefined;
    return { files: page.map((row) => fileOf(row)!), nextCursor };
  }

  async removeFile(fileId: string): Promise<boolean> {
    return this.change(() => {
      this.statements.removeSessionOfFile.run({ fileId });
      return this.statements.removeFile.run({ fileId }).changes === 1;
    });
  }

  async identity(): Promise<string | undefined> {
    return this.read(() => this.statements.fact.get({ name: IDENTITY }))?.['value'] as string | undefined;
  }

  async setIdentity(id: string, replace = false): Promise<string> {
    await this.change(() => {
      if (replace) this.statements.removeFact.run({ name: IDENTITY });
      this.statements.addFact.run({ name: IDENTITY, value: id });
    });
    return (await this.identity())!;
  }

  async hasFiles(): Promise<boolean> {
    return this.read(() => this.statements.anyFile.get()) !== undefined;
  }

  /** By a change that is synced: nothing else shows that the disk is full, or that the file is damaged or was replaced. */
  async check(): Promise<void> {
    await this.change(() => {
      this.statements.removeFact.run({ name: CHECKED });
      this.statements.addFact.run({ name: CHECKED, value: String(Date.now()) });
    });
  }

  async close(): Promise<void> {
    if (!this.database.isOpen) return;
    await this.changes.settled();
    closeSync(this.log);
    this.database.close();
  }

  private lost(sessionID: string): LostSession {
    return this.statements.find.get({ sessionID }) === undefined ? 'missing' : 'fenced';
  }

  private isFile({ fileId, sessionID }: FileRecord): boolean {
    return this.statements.isFile.get({ fileId, sessionID }) !== undefined;
  }

  private async change<T>(work: () => T): Promise<T> {
    this.place.require();
    try {
      return await this.changes.run(work);
    } catch (cause) {
      throw this.translated(cause);
    }
  }

  private read<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      throw this.translated(cause);
    }
  }

  private translated(cause: unknown): unknown {
    if (isFull(cause)) return new UploadError('STORAGE_FULL', undefined, { cause });
    if (!isDamage(cause)) return cause;
    this.place.giveUp();
    return new UploadError('STORAGE_FAILED', undefined, { cause });
  }
}
