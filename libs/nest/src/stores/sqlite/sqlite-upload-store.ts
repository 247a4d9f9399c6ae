import { UploadError } from '@upload-streams/protocol';
import { chmodSync, closeSync, fdatasync, openSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { CataloguePlace, damageOf } from './catalogue-place.js';
import { GroupCommit } from './group-commit.js';
import type { Checkpoint, FileRecord, SessionRecord } from '../../contracts/records.js';
import type { FilePage, LostSession, UploadStore } from '../../contracts/upload-store.js';

/**
 * A commit appends to the write-ahead log, and is durable once that is synced. With synchronous = FULL, SQLite would do
 * so within the commit, while nothing else moves; with NORMAL it leaves it to us, who do it beside other work and for many
 * at once (https://sqlite.org/pragma.html#pragma_synchronous). The exclusive lock makes a second process on the same
 * folder fail at its start.
 */
const LOCK = `
  PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
`;

/** Raised when a change of the tables can't be read by older code, or older tables not by newer code. */
const SCHEMA_VERSION = 2;

/** What brings the tables of an earlier version to the next one. */
const MIGRATIONS: Readonly<Record<number, string>> = {
  // The disk computes the name under which it stores a file.
  1: 'ALTER TABLE files DROP COLUMN storedName',
};

const SETUP = `
  PRAGMA user_version = ${SCHEMA_VERSION};
  CREATE TABLE IF NOT EXISTS sessions (
    sessionID TEXT PRIMARY KEY, protocol INTEGER NOT NULL, owner TEXT, fileId TEXT NOT NULL,
    requestedName TEXT NOT NULL, fileName TEXT NOT NULL, size INTEGER, type TEXT NOT NULL, metadata TEXT NOT NULL,
    epoch INTEGER NOT NULL, checkpointOffset INTEGER NOT NULL, checkpointCrc32 INTEGER NOT NULL,
    updatedAt INTEGER NOT NULL, completed INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS sessions_by_file ON sessions (fileId);
  CREATE INDEX IF NOT EXISTS sessions_by_age ON sessions (updatedAt);
  CREATE TABLE IF NOT EXISTS files (
    number INTEGER PRIMARY KEY AUTOINCREMENT, fileId TEXT NOT NULL UNIQUE, sessionID TEXT NOT NULL UNIQUE, owner TEXT,
    fileName TEXT NOT NULL, size INTEGER NOT NULL, type TEXT NOT NULL,
    crc32 INTEGER NOT NULL, sha256 TEXT NOT NULL, metadata TEXT NOT NULL, createdAt INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS files_by_owner ON files (owner, number);
`;

const sync = promisify(fdatasync);

/** Names of facts. */
const IDENTITY = 'store-id';
const CHECKED = 'checked-at';

type Row = Record<string, string | number | null>;

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

  /** Opens or makes the file. Throws a sentence that says so where another process has it open. */
  static open(path: string): SqliteUploadStore {
    const database = new DatabaseSync(path);
    try {
      database.exec(LOCK);
      requireSound(database);
      setUp(database, path);
    } catch (cause) {
      database.close();
      if (kindOf(cause) === SQLITE_BUSY)
        throw new Error(`The catalogue ${path} can't be used: another process may have it open`, { cause });
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
    // Every begin asks this first: no bytes are stored that no change could make known.
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

  /** By a change that is synced: a full disk and a damaged or replaced file show it no other way. */
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
      throw this.meaningOf(cause);
    }
  }

  private read<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      throw this.meaningOf(cause);
    }
  }

  private meaningOf(cause: unknown): unknown {
    if (kindOf(cause) === SQLITE_FULL) return new UploadError('STORAGE_FULL', undefined, { cause });
    if (!isDamage(cause)) return cause;
    this.place.giveUp();
    return new UploadError('STORAGE_FAILED', undefined, { cause });
  }
}

/** Result codes of https://sqlite.org/rescode.html: the file is locked; it is damaged; the disk has no room; it is no database. */
const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_NOTADB = 26;

/** The last byte of a code tells its kind. */
const kindOf = (error: unknown): number | undefined => {
  const code = (error as { errcode?: number }).errcode;
  return code === undefined ? undefined : code & 0xff;
};

const isDamage = (error: unknown): boolean => [SQLITE_CORRUPT, SQLITE_NOTADB].includes(kindOf(error) ?? 0);

/** Reads every page: a million files take about a second. */
function requireSound(database: DatabaseSync): void {
  const [found] = database.prepare('PRAGMA quick_check(1)').all() as { quick_check: string }[];
  if (found?.quick_check === 'ok') return;
  throw Object.assign(new Error(found?.quick_check), { errcode: SQLITE_CORRUPT });
}

/** Makes the tables of a new file, and brings those of an earlier version up to date: all of it, or nothing. */
function setUp(database: DatabaseSync, path: string): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    migrate(database, path);
    database.exec(SETUP);
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** A file with tables and version 0 is from before versions were saved: it has other tables. */
function migrate(database: DatabaseSync, path: string): void {
  const { user_version: found } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  const tables = database.prepare('SELECT count(*) AS count FROM sqlite_schema').get() as { count: number };
  if (tables.count === 0) return;
  for (let version = found; version !== SCHEMA_VERSION; version++) {
    const migration = MIGRATIONS[version];
    if (migration === undefined) {
      throw new Error(`The catalogue ${path} is of version ${found}; this program reads version ${SCHEMA_VERSION}`);
    }
    database.exec(migration);
  }
}

type Statements = Record<keyof typeof SQL, StatementSync>;

const SQL = {
  create: `INSERT INTO sessions VALUES (:sessionID, :protocol, :owner, :fileId, :requestedName, :fileName, :size, :type,
    :metadata, :epoch, :checkpointOffset, :checkpointCrc32, :updatedAt, :completed) ON CONFLICT DO NOTHING`,
  find: 'SELECT * FROM sessions WHERE sessionID = :sessionID',
  takeOver: 'UPDATE sessions SET epoch = epoch + 1, updatedAt = :updatedAt WHERE sessionID = :sessionID RETURNING *',
  checkpoint: `UPDATE sessions SET checkpointOffset = :offset, checkpointCrc32 = :crc32, updatedAt = :updatedAt
    WHERE sessionID = :sessionID AND epoch = :epoch AND completed = 0`,
  complete: `UPDATE sessions SET completed = 1, updatedAt = :createdAt
    WHERE sessionID = :sessionID AND epoch = :epoch AND completed = 0`,
  holder: 'SELECT 1 FROM sessions WHERE sessionID = :sessionID AND epoch = :epoch AND completed = 0',
  isFile: 'SELECT 1 FROM files WHERE fileId = :fileId OR sessionID = :sessionID',
  remove: 'DELETE FROM sessions WHERE sessionID = :sessionID AND epoch = ifnull(:epoch, epoch)',
  findIdle: 'SELECT * FROM sessions WHERE updatedAt < :before ORDER BY updatedAt LIMIT :limit',
  addFile: `INSERT INTO files (fileId, sessionID, owner, fileName, size, type, crc32, sha256, metadata, createdAt)
    VALUES (:fileId, :sessionID, :owner, :fileName, :size, :type, :crc32, :sha256, :metadata, :createdAt)`,
  isKnown: `SELECT 1 FROM sessions WHERE fileId = :fileId AND completed = 0
    UNION ALL SELECT 1 FROM files WHERE fileId = :fileId`,
  findFile: 'SELECT * FROM files WHERE fileId = :fileId',
  findFileOfSession: 'SELECT * FROM files WHERE sessionID = :sessionID',
  listFiles: 'SELECT * FROM files WHERE owner = :owner AND number < :below ORDER BY number DESC LIMIT :limit',
  removeSessionOfFile: 'DELETE FROM sessions WHERE sessionID = (SELECT sessionID FROM files WHERE fileId = :fileId)',
  removeFile: 'DELETE FROM files WHERE fileId = :fileId',
  fact: 'SELECT value FROM facts WHERE name = :name',
  addFact: 'INSERT OR IGNORE INTO facts (name, value) VALUES (:name, :value)',
  removeFact: 'DELETE FROM facts WHERE name = :name',
  anyFile: 'SELECT 1 FROM files LIMIT 1',
} as const;

function prepare(database: DatabaseSync): Statements {
  return Object.fromEntries(Object.entries(SQL).map(([name, sql]) => [name, database.prepare(sql)])) as Statements;
}

/** The column `protocol`, which is older than `resumable`, is 0 for clients of the original workflow, which can't resume. */
function sessionRow({ checkpoint, metadata, size, completed, resumable, ...facts }: SessionRecord): Row {
  return {
    ...facts,
    protocol: resumable ? 1 : 0,
    size: size ?? null,
    metadata: JSON.stringify(metadata),
    checkpointOffset: checkpoint.offset,
    checkpointCrc32: checkpoint.crc32,
    completed: completed ? 1 : 0,
  };
}

function sessionOf(row: Row | undefined): SessionRecord | undefined {
  if (!row) return undefined;
  const { checkpointOffset, checkpointCrc32, metadata, size, completed, protocol, ...facts } = row;
  return {
    ...facts,
    resumable: protocol === 1,
    size: size ?? undefined,
    metadata: JSON.parse(metadata as string),
    checkpoint: { offset: checkpointOffset, crc32: checkpointCrc32 },
    completed: completed === 1,
  } as SessionRecord;
}

/** Where SHA-256 is left out, the column, which is older than that choice, has an empty text. */
function fileRow({ metadata, sha256, ...facts }: FileRecord): Row {
  return { ...facts, sha256: sha256 ?? '', metadata: JSON.stringify(metadata) };
}

function fileOf(row: Row | undefined): FileRecord | undefined {
  if (!row) return undefined;
  const { number: _, metadata, sha256, ...facts } = row;
  return { ...facts, sha256: sha256 || undefined, metadata: JSON.parse(metadata as string) } as unknown as FileRecord;
}
