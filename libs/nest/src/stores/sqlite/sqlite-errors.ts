/** Result codes of SQLite, https://sqlite.org/rescode.html. */
const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_NOTADB = 26;

/** Another process has the file open. */
export const isBusy = (error: unknown): boolean => kindOf(error) === SQLITE_BUSY;

/** The disk has no room. */
export const isFull = (error: unknown): boolean => kindOf(error) === SQLITE_FULL;

/** The file is damaged, or not a database. */
export const isDamage = (error: unknown): boolean => [SQLITE_CORRUPT, SQLITE_NOTADB].includes(kindOf(error) ?? 0);

/** An error as SQLite would throw it for a damaged file. */
export const damage = (message: string): Error => Object.assign(new Error(message), { errcode: SQLITE_CORRUPT });

/** The last byte of a code is its kind. */
function kindOf(error: unknown): number | undefined {
  const code = (error as { errcode?: number }).errcode;
  return code === undefined ? undefined : code & 0xff;
}
