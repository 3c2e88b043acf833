import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { Migrator } from 'kysely/migration';
import { describe, expect, test } from 'vitest';
import { StoreCorrupted, StoreNotWritable, StoreTooNew } from '../../src/store/errors.ts';
import type { Checkpoint } from '../../src/contracts/checkpoint.ts';
import { migrationProvider, schemaVersion } from '../../src/store/migrations.ts';
import { openStore, openStoreReader } from '../../src/store/open-store.ts';
import { checkpoint, messagesOf, oneTo, ownEvent } from './conformance/material.ts';
import { temporaryFolder } from './temporary-folder.ts';

const nobodyUid = 65_534;

async function filledStore(dataDirectory: string): Promise<string> {
  await using store = await openStore({ dataDirectory });
  await store.events.appendOwn(
    's',
    oneTo(2_000).map((n) => ownEvent(`${n}`)),
  );
  return join(dataDirectory, 'store.sqlite');
}

describe('a store file', () => {
  test('is made where there is none, readable for its owner only', async () => {
    await using folder = await temporaryFolder();
    const dataDirectory = join(folder.path, 'new', 'deep');
    await using store = await openStoreReader({ dataDirectory });
    expect(await store.events.lastSeq('s')).toBe(0);
    expect((await stat(dataDirectory)).mode & 0o777).toBe(0o700);
    for (const name of await readdir(dataDirectory)) {
      expect((await stat(join(dataDirectory, name))).mode & 0o077, name).toBe(0);
    }
  });

  test('can be named itself', async () => {
    await using folder = await temporaryFolder();
    await using store = await openStore({ file: join(folder.path, 'mine.db') });
    await store.events.appendOwn('s', [ownEvent('1')]);
    expect(await readdir(folder.path)).toContain('mine.db');
  });

  test('leaves no write-ahead log behind when the last one closed it', async () => {
    await using folder = await temporaryFolder();
    await filledStore(folder.path);
    expect((await readdir(folder.path)).toSorted()).toEqual(['store.sqlite', 'store.sqlite-appended']);
  });

  test('of an older version keeps what is in it', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'store.sqlite');
    await makeFirstVersion(file);
    for (let times = 0; times < 2; times += 1) {
      await using store = await openStore({ file });
      expect(messagesOf(await store.events.readLast('s', { limit: 10 }))).toEqual(['kept']);
      expect(await store.sessionIds.claim(`new-${times}`, 'run')).toBe(true);
      expect(await store.images.findBase({ recipeHash: 'h', place: 'modal' })).toBeNull();
    }
  });

  test('can be opened by many at once while it does not exist yet', async () => {
    await using folder = await temporaryFolder();
    const stores = await Promise.all(oneTo(8).map(async () => openStore({ dataDirectory: folder.path })));
    await Promise.all(stores.map(async (store, n) => store.events.appendOwn('s', [ownEvent(`${n}`)])));
    expect(await stores[0]?.events.lastSeq('s')).toBe(8);
    await Promise.all(stores.map(async (store) => store.close()));
  });

  test('of an older version opens no row of the ledger again that had ended', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'store.sqlite');
    await makeFourthVersion(file);
    await using store = await openStore({ file });
    expect(await store.sandboxes.find('s-g1')).toMatchObject({ doubtedAt: null, endedReason: 'x' });
    expect(await store.sandboxes.listOpen()).toMatchObject([
      { name: 's-g2', doubtedAt: '2026-03-01T14:00:00.000Z' },
    ]);
  });

  test('of an older version has its snapshots in the account, and one line of checkpoints', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'store.sqlite');
    await makeFourthVersion(file);
    await using store = await openStore({ file });
    expect(await store.checkpoints.find('s', 'one')).toMatchObject({ costUsd: 0 });
    const again = (found: Checkpoint): Checkpoint => ({ ...found, checkpointId: 'again' });
    const back = await store.restorePoints.rewind(
      { sessionId: 's', checkpointId: 'turn' },
      again,
      () => true,
    );
    expect(back?.snapshot).toEqual({ imageId: 'im-1', runtimeVersion: '1-sdk.0.0.0', generation: 1 });
    expect(await store.snapshots.condemnNeedless({})).toMatchObject([{ imageId: 'im-2' }]);
  });
});

describe('a store in use', () => {
  test('waits for another writer without blocking its process', async () => {
    await using folder = await temporaryFolder();
    await using store = await openStore({ dataDirectory: folder.path });
    const other = new Database(join(folder.path, 'store.sqlite'));
    other.exec('begin immediate');
    let appended = false;
    const appending = store.events.appendOwn('s', [ownEvent('1')]).finally(() => (appended = true));
    // Each turn of the event loop is one that a blocked process would not have made.
    for (let turns = 0; turns < 20; turns += 1) await sleep(5);
    expect(await store.events.lastSeq('s')).toBe(0);
    expect(appended).toBe(false);
    other.exec('commit');
    other.close();
    expect(await appending).toEqual({ lastSeq: 1, appended: 1 });
  });

  test('watches its file while somebody follows, once for all, and not longer', async () => {
    await using folder = await temporaryFolder();
    await using store = await openStore({ dataDirectory: folder.path });
    const watches = (): number =>
      process.getActiveResourcesInfo().filter((it_) => it_ === 'FSEventWrap').length;
    const before = watches();
    const leave = new AbortController();
    const following = oneTo(5).map(async () => {
      for await (const event of store.events.follow('s', { after: 0, signal: leave.signal }))
        expect(event.seq).toBe(1);
    });
    await store.events.appendOwn('s', [ownEvent('1')]);
    expect(watches()).toBe(before + 1);
    leave.abort();
    await Promise.all(following);
    // The event loop lets a closed watch go a moment later.
    await expect.poll(watches).toBe(before);
  });
});

describe('a store that cannot be used', () => {
  const damages: [string, (file: string) => Promise<void>][] = [
    [
      'something else',
      async (file) => writeFile(file, 'this is not a database, but it is long enough to be one'.repeat(50)),
    ],
    ['cut in the middle', async (file) => writeFile(file, (await readFile(file)).subarray(0, 10_000))],
    [
      'overwritten at its beginning',
      async (file) => writeFile(file, (await readFile(file)).fill(0xee, 0, 4_096)),
    ],
    [
      'overwritten behind its first page',
      async (file) => writeFile(file, (await readFile(file)).fill(0xee, 4_096)),
    ],
    ['another SQLite database', async (file) => makeForeignDatabase(file)],
  ];
  test.each(damages)('says so in one sentence when it is %s', async (_how, damage) => {
    await using folder = await temporaryFolder();
    const file = await filledStore(folder.path);
    await damage(file);
    const use = async (): Promise<void> => {
      await using store = await openStore({ dataDirectory: folder.path });
      await store.events.read('s', { after: 0, limit: 10_000 });
    };
    await expect(use()).rejects.toThrow(StoreCorrupted);
    await expect(use()).rejects.toThrow(
      /^The store \/.*store\.sqlite is damaged .*: stop Harvest and put a backup .*\.$/,
    );
  });

  test('says so when a newer Harvest has written it, and changes nothing', async () => {
    await using folder = await temporaryFolder();
    const file = await filledStore(folder.path);
    const database = new Database(file);
    const newer = schemaVersion + 1;
    database.pragma(`user_version = ${newer}`);
    database.close();
    const opening = openStore({ file });
    await expect(opening).rejects.toThrow(StoreTooNew);
    await expect(opening).rejects.toMatchObject({ found: newer, known: schemaVersion });
    await expect(openStore({ file })).rejects.toThrow(
      /^The store .* was written by a newer Harvest .*: upgrade .*\.$/,
    );
    const after = new Database(file, { readonly: true });
    expect(after.pragma('user_version', { simple: true })).toBe(newer);
    after.close();
  });

  test('says so when its place is no folder', async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'file'), '');
    await expect(openStore({ dataDirectory: join(folder.path, 'file') })).rejects.toThrow(StoreNotWritable);
  });

  describe('because of its permissions', () => {
    // Root may write everywhere: it becomes somebody else for as long as the store is opened.
    const isRoot = process.geteuid?.() === 0;
    const asStranger = async (folder: string, use: () => Promise<void>): Promise<void> => {
      await chmod(folder, 0o555);
      if (isRoot) process.seteuid?.(nobodyUid);
      try {
        await use();
      } finally {
        if (isRoot) process.seteuid?.(0);
        await chmod(folder, 0o755);
      }
    };

    test('says so when a new store cannot be written', async () => {
      await using folder = await temporaryFolder();
      await asStranger(folder.path, async () => {
        await expect(openStore({ dataDirectory: folder.path })).rejects.toThrow(StoreNotWritable);
        await expect(openStore({ dataDirectory: join(folder.path, 'new') })).rejects.toThrow(
          /^The store \/.* cannot be opened for writing: give this user write access to \/.*\.$/,
        );
      });
    });

    test('says so when a store that is there cannot be written, and leaves it as it was', async () => {
      await using folder = await temporaryFolder();
      const file = await filledStore(folder.path);
      const names = await readdir(folder.path);
      for (const name of names) await chmod(join(folder.path, name), 0o444);
      await asStranger(folder.path, async () => {
        await expect(openStore({ file })).rejects.toThrow(StoreNotWritable);
      });
      for (const name of names) await chmod(join(folder.path, name), 0o600);
      await using store = await openStore({ file });
      expect(messagesOf(await store.events.readLast('s', { limit: 1 }))).toEqual(['2000']);
    });
  });
});

/** As the first released schema left it: migrations never change. */
async function makeFirstVersion(file: string): Promise<void> {
  const database = new Database(file);
  const db = new Kysely({ dialect: new SqliteDialect({ database }) });
  const { error } = await new Migrator({ db, provider: migrationProvider }).migrateTo('0001-sessions');
  expect(error).toBeUndefined();
  database.exec(`
    pragma application_id = 1213616980;
    pragma user_version = 1;
    insert into events (session_id, seq, generation, at, type, data_json, event_id)
      values ('s', 1, 0, '2026-03-01T12:00:00.000Z', 'warning', '{"message":"kept"}', 'own-1');
    insert into base_images values ('h', 'im-1', '1', '2026-03-01T12:00:00.000Z');
  `);
  await db.destroy();
}

/** Of two sandboxes, both created after an attempt in doubt: one that ended, as that version wrote it, and one that runs. */
async function makeFourthVersion(file: string): Promise<void> {
  const database = new Database(file);
  const db = new Kysely({ dialect: new SqliteDialect({ database }) });
  const { error } = await new Migrator({ db, provider: migrationProvider }).migrateTo('0004-doubted-creates');
  expect(error).toBeUndefined();
  database.exec(`
    pragma application_id = 1213616980;
    pragma user_version = 4;
    insert into sandboxes (name, session_id, generation, sandbox_id, intended_at, doubted_at, ended_at, ended_reason)
      values ('s-g1', 's', 1, 'sb-1', '2026-03-01T12:01:00.000Z', '2026-03-01T12:00:00.000Z', '2026-03-01T13:00:00.000Z', 'x'),
             ('s-g2', 's', 2, 'sb-2', '2026-03-01T14:01:00.000Z', '2026-03-01T14:00:00.000Z', null, null);
    insert into checkpoints (session_id, checkpoint_id, checkpoint_json)
      values ('s', 'one', '${oldCheckpoint('one', 'im-1')}'), ('s', 'turn', '${oldCheckpoint('turn', null)}'),
             ('s', 'two', '${oldCheckpoint('two', 'im-2')}');
  `);
  await db.destroy();
}

/** From before checkpoints had a cost, and snapshots an account. */
function oldCheckpoint(checkpointId: string, imageId: string | null): string {
  const { costUsd: _, ...old } = checkpoint(checkpointId);
  const snapshot = imageId === null ? null : { imageId, runtimeVersion: '1-sdk.0.0.0', generation: 1 };
  return JSON.stringify({ ...old, snapshot });
}

async function makeForeignDatabase(file: string): Promise<void> {
  await writeFile(file, '');
  const database = new Database(file);
  database.exec('create table notes (text)');
  database.close();
}
