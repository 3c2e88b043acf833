/** Opening the store: the file is made, checked and brought to this version's schema before anything uses it. */
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import { createCarriedWork } from './blobs.ts';
import { createCheckpoints } from './checkpoints.ts';
import { createClosedSessions } from './closed-sessions.ts';
import { StoreDatabase } from './database.ts';
import { deleteSession } from './delete-session.ts';
import { Doorbell } from './doorbell.ts';
import { StoreCorrupted, StoreNotWritable, StoreTooNew } from './errors.ts';
import { createEventLog } from './event-log.ts';
import { createImageRecords } from './image-records.ts';
import { createJournal } from './journal.ts';
import { migrationProvider, schemaVersion } from './migrations.ts';
import { createRestorePoints } from './restore-points.ts';
import { createSandboxLedger } from './sandbox-ledger.ts';
import { createSessionIds } from './session-ids.ts';
import { createSnapshotAccount } from './snapshot-account.ts';
import { isBusy } from './sqlite-connection.ts';
import type { Store, StoreReader } from './store.ts';
import { createTranscripts } from './transcripts.ts';
import { createRepoImages } from './repo-images.ts';
import { createRepositorySets } from './repository-sets.ts';
import { createUnownedSandboxes } from './unowned-sandboxes.ts';

export type StoreLocation = { file: string } | { dataDirectory: string };

/** "HVST": what makes a SQLite file a store of ours. */
const applicationId = 0x48565354;
const openPatienceMs = 10_000;

/**
 * Opens the store, and makes it when there is none. Throws `StoreCorrupted`, `StoreTooNew` or `StoreNotWritable`, each
 * with one sentence for people.
 */
export async function openStore(location: StoreLocation): Promise<Store> {
  const file =
    'file' in location ? resolve(location.file) : join(resolve(location.dataDirectory), 'store.sqlite');
  makeFile(file);
  const database = await openDatabase(file);
  try {
    await migrate(database);
    return assemble(database);
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** The same for those who only watch. It makes the store too, so that it does not matter who starts first. */
export async function openStoreReader(location: StoreLocation): Promise<StoreReader> {
  return openStore(location);
}

/** Only for this user: prompts and answers are in it. SQLite gives its other files the mode of this one. */
function makeFile(file: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    closeSync(openSync(file, 'a', 0o600));
  } catch (error) {
    throw new StoreNotWritable(file, error);
  }
}

/** Several processes may open a new file at once; SQLite then answers "busy" to all but one. */
async function openDatabase(file: string): Promise<StoreDatabase> {
  const giveUpAt = performance.now() + openPatienceMs;
  for (;;) {
    try {
      return new StoreDatabase(file);
    } catch (error) {
      if (!isBusy(error) || performance.now() > giveUpAt) throw error;
    }
    await sleep(10 * Math.random());
  }
}

async function migrate(database: StoreDatabase): Promise<void> {
  if ((await versionOf(database)) === schemaVersion) return;
  await database.write(async (db) => {
    // Another process may have done it meanwhile.
    if ((await versionOf(database)) === schemaVersion) return;
    const { error } = await new Migrator({ db, provider: migrationProvider }).migrateToLatest();
    if (error !== undefined)
      throw error instanceof Error ? error : new Error('A migration failed.', { cause: error });
    await sql.raw(`pragma application_id = ${applicationId}`).execute(db);
    await sql.raw(`pragma user_version = ${schemaVersion}`).execute(db);
  });
}

async function versionOf(database: StoreDatabase): Promise<number> {
  const { rows } = await sql`select 1 from sqlite_master limit 1`.execute(database.read);
  if (rows.length === 0) return 0;
  if (database.pragma('application_id') !== applicationId) throw new StoreCorrupted(database.file);
  const found = Number(database.pragma('user_version'));
  if (found > schemaVersion) throw new StoreTooNew(database.file, { found, known: schemaVersion });
  return found;
}

function assemble(database: StoreDatabase): Store {
  const doorbell = new Doorbell(`${database.file}-appended`, () => database.pragma('data_version'));
  const close = async (): Promise<void> => {
    doorbell.close();
    await database.close();
  };
  return {
    sessionIds: createSessionIds(database),
    events: createEventLog(database, doorbell),
    journal: createJournal(database, doorbell),
    transcripts: createTranscripts(database),
    checkpoints: createCheckpoints(database),
    carriedWork: createCarriedWork(database),
    sandboxes: createSandboxLedger(database),
    images: createImageRecords(database),
    repositorySets: createRepositorySets(database),
    repoImages: createRepoImages(database),
    snapshots: createSnapshotAccount(database),
    restorePoints: createRestorePoints(database),
    closedSessions: createClosedSessions(database),
    unownedSandboxes: createUnownedSandboxes(database),
    deleteSession: async (sessionId, options = {}) =>
      database.write(async (db) => deleteSession(db, sessionId, options)),
    close,
    [Symbol.asyncDispose]: close,
  };
}
