import type { DatabaseSync } from 'node:sqlite';
import { damage } from './sqlite-errors.js';

/**
 * A commit appends to the write-ahead log, and is durable once the log is synced. With synchronous = FULL, SQLite syncs
 * within the commit, while nothing else moves; with NORMAL the sync is left to `GroupCommit`, which does it beside other
 * work and for many commits at once (https://sqlite.org/pragma.html#pragma_synchronous). The exclusive lock makes a second
 * process on the same folder fail at its start.
 */
const LOCK = `
  PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
`;

/** Raised with each change of the tables. */
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

/**
 * Locks and checks a database file, makes its tables, and brings those of an earlier version up to date. Throws where
 * another process has it open, where it is damaged, and where it is of a version that is not known.
 */
export function openSchema(database: DatabaseSync, path: string): void {
  database.exec(LOCK);
  requireSound(database);
  setUp(database, path);
}

/** Reads every page: a million files take about a second. */
function requireSound(database: DatabaseSync): void {
  const [found] = database.prepare('PRAGMA quick_check(1)').all() as { quick_check: string }[];
  if (found?.quick_check === 'ok') return;
  throw damage(found?.quick_check ?? 'the check says nothing');
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

/** A file that has tables and version 0 is from before versions were saved, and can't be read. */
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
