/** The store's database: a connection that writes and one that reads, so that neither waits for the other. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CompiledQuery, Kysely, SqliteDialect } from 'kysely';
import { StoreClosed } from './errors.ts';
import type { Tables } from './schema.ts';
import { isBusy, openSqliteConnection, type SqliteConnection } from './sqlite-connection.ts';

/** How long a writer tries to get its turn before the error reaches the caller, who may retry. */
const writePatienceMs = 30_000;
const longestPauseMs = 25;

export class StoreDatabase {
  readonly file: string;
  readonly read: Kysely<Tables>;
  readonly #connections: { write: SqliteConnection; read: SqliteConnection };
  readonly #writer: Kysely<Tables>;
  #closed = false;

  constructor(file: string) {
    this.file = file;
    const write = openSqliteConnection(file, 'write');
    try {
      this.#connections = { write, read: openSqliteConnection(file, 'read') };
    } catch (error) {
      write.close();
      throw error;
    }
    this.#writer = new Kysely<Tables>({ dialect: new SqliteDialect({ database: write }) });
    this.read = new Kysely<Tables>({ dialect: new SqliteDialect({ database: this.#connections.read }) });
  }

  /**
   * One transaction that holds the write lock from its beginning, so that what it reads is still true when it writes.
   * While another process has the lock, this one waits without blocking the event loop.
   */
  async write<T>(work: (db: Kysely<Tables>) => Promise<T>): Promise<T> {
    const giveUpAt = performance.now() + writePatienceMs;
    for (let attempt = 1; ; attempt += 1) {
      if (this.#closed) throw new StoreClosed();
      try {
        return await this.#writer.connection().execute(async (db) => inTransaction(db, work));
      } catch (error) {
        if (!isBusy(error) || performance.now() > giveUpAt) throw error;
      }
      await sleep(Math.random() * Math.min(2 ** attempt, longestPauseMs));
    }
  }

  /** The value of a pragma as committed; `data_version` changes whenever anything was committed. */
  pragma(name: 'application_id' | 'data_version' | 'user_version'): unknown {
    return this.#connections.read.pragma(name);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    // A transaction that has begun ends first.
    await Promise.all([this.#writer, this.read].map(async (db) => db.connection().execute(async () => {})));
    this.#connections.read.close();
    this.#connections.write.close();
  }
}

async function inTransaction<T>(db: Kysely<Tables>, work: (db: Kysely<Tables>) => Promise<T>): Promise<T> {
  await db.executeQuery(CompiledQuery.raw('begin immediate'));
  try {
    const result = await work(db);
    await db.executeQuery(CompiledQuery.raw('commit'));
    return result;
  } catch (error) {
    // After some errors (disk full) SQLite has rolled back by itself, and this fails: the first error counts.
    await db.executeQuery(CompiledQuery.raw('rollback')).catch(() => {});
    throw error;
  }
}
