import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** All statements, prepared. */
export type Statements = Record<keyof typeof SQL, StatementSync>;

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

export function prepare(database: DatabaseSync): Statements {
  return Object.fromEntries(Object.entries(SQL).map(([name, sql]) => [name, database.prepare(sql)])) as Statements;
}
