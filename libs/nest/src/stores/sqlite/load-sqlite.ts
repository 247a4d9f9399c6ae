/**
 * Loads `node:sqlite`, which Node has since 22.13, when a store is opened: an application that keeps its sessions elsewhere
 * runs on Node 20. Throws a sentence for the operator if this Node does not have it.
 */
export function loadSqlite(): typeof import('node:sqlite') {
  const sqlite = process.getBuiltinModule('node:sqlite');
  if (sqlite) return sqlite;
  throw new Error(
    `The catalogue in SQLite needs Node 22.13 or newer; this is ${process.version}. Use a newer Node, or keep sessions in ` +
      `Redis (redisProviders of @upload-streams/nest/redis)`,
  );
}
