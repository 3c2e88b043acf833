/**
 * One connection to the store's SQLite file. WAL, so that readers and one writer do not wait for each other;
 * `synchronous=NORMAL`, so that a commit is with the operating system when it is acknowledged: SIGKILL takes nothing,
 * a power failure at most the last commits, and neither damages the file.
 */
import Database from 'better-sqlite3';
import type { SqliteDatabase, SqliteStatement } from 'kysely';
import { StoreClosed, StoreCorrupted, StoreNotWritable } from './errors.ts';

/** Pages of 4 KiB: rarely enough that the time a checkpoint of the WAL takes is no delay anybody sees. */
const checkpointPages = 4_000;
const walLimitBytes = 64 * 1024 * 1024;
/** Short, because SQLite blocks the whole process while it waits; whoever needs longer tries again. */
const busyTimeoutMs = 5;
/** A WAL reader waits only while another connection recovers the file. */
const readerBusyTimeoutMs = 5_000;
/** Texts differ in the number of rows they insert: enough for all common ones. */
const maxStatements = 200;

export type SqliteConnection = {
  /** The value of a pragma. Throws `StoreCorrupted` or `StoreNotWritable` like every other use of the file. */
  pragma(source: string): unknown;
} & SqliteDatabase;

export function openSqliteConnection(file: string, use: 'write' | 'read'): SqliteConnection {
  const timeout = use === 'write' ? busyTimeoutMs : readerBusyTimeoutMs;
  const database = translating(file, () => new Database(file, { timeout }));
  const statements = new Map<string, SqliteStatement>();
  const connection: SqliteConnection = {
    close: () => void database.close(),
    pragma: (source) => translating(file, () => database.pragma(source, { simple: true })),
    prepare: (text) => {
      if (!database.open) throw new StoreClosed();
      let statement = statements.get(text);
      if (statement === undefined) {
        statement = prepared(file, database, text);
        if (statements.size < maxStatements) statements.set(text, statement);
      }
      return statement;
    },
  };
  try {
    connection.pragma('journal_mode = wal');
    connection.pragma('synchronous = normal');
    connection.pragma(`wal_autocheckpoint = ${checkpointPages}`);
    connection.pragma(`journal_size_limit = ${walLimitBytes}`);
    if (use === 'read') connection.pragma('query_only = on');
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

function prepared(file: string, database: Database.Database, text: string): SqliteStatement {
  const statement = translating(file, () => database.prepare(text));
  return {
    reader: statement.reader,
    all: (parameters) => translating(file, () => statement.all(parameters)),
    run: (parameters) => translating(file, () => statement.run(parameters)),
    iterate: (parameters) => statement.iterate(parameters),
  };
}

function translating<T>(file: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const code = sqliteCodeOf(error);
    if (/^SQLITE_(?:CORRUPT|NOTADB|IOERR_SHORT_READ)/.test(code)) throw new StoreCorrupted(file, error);
    if (/^SQLITE_(?:READONLY|CANTOPEN|PERM)/.test(code)) throw new StoreNotWritable(file, error);
    throw error;
  }
}

/** Another connection writes just now. */
export function isBusy(error: unknown): boolean {
  return sqliteCodeOf(error).startsWith('SQLITE_BUSY');
}

function sqliteCodeOf(error: unknown): string {
  return error instanceof Database.SqliteError ? error.code : '';
}
