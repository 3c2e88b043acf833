/**
 * A lock between processes on one machine. It is an exclusive transaction on an empty SQLite file, that is a lock of the
 * operating system: it goes with its holder, so there is no stale lock after a crash.
 */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';

const pollMs = 200;

export type FileLock = { release(): void };

/** The lock, or null when another process holds it. */
export async function tryLock(path: string): Promise<FileLock | null> {
  await mkdir(dirname(path), { recursive: true });
  const database = new Database(path, { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) return null;
    throw error;
  }
  return { release: () => database.close() };
}

/** Runs `work` while no other process runs it under the same lock. `onWait` is called once when it has to wait. */
export async function withLock<T>(path: string, onWait: () => void, work: () => Promise<T>): Promise<T> {
  let lock = await tryLock(path);
  if (lock === null) onWait();
  while (lock === null) {
    await sleep(pollMs);
    lock = await tryLock(path);
  }
  try {
    return await work();
  } finally {
    lock.release();
  }
}
