/** Faults of the store. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { readdir } from 'node:fs/promises';
import { emptyDisk, fillDisk } from '../lane/small-disk.ts';
import { always } from './fault.ts';
import type { Fault } from './fault.ts';

const busyMs = 4_000;
const fullMs = 4_000;

export const storeFaults: readonly Fault[] = [
  {
    name: 'store-busy',
    what: `another process holds the store's write lock for ${busyMs / 1_000} s`,
    consequence: 'nothing',
    breadth: 'every-state',
    hasVictim: always,
    strike: async ({ lane }) => {
      const release = await holdWriteLock(lane.dataDirectory);
      setTimeout(release, busyMs);
      return true;
    },
    heal: async () => sleep(busyMs),
  },
  {
    name: 'disk-full',
    what: `the store's disk is full for ${fullMs / 1_000} s`,
    consequence: 'nothing',
    breadth: 'every-state',
    hasVictim: always,
    strike: async ({ lane }) => {
      await fillDisk(lane.dataDirectory);
      return true;
    },
    heal: async ({ lane }) => {
      await sleep(fullMs);
      await emptyDisk(lane.dataDirectory);
    },
  },
];

/** As a backup, or a person with a shell, would. */
async function holdWriteLock(dataDirectory: string): Promise<() => void> {
  const name = (await readdir(dataDirectory)).find((file) => /\.(?:db|sqlite)$/.test(file));
  if (name === undefined) throw new Error(`no store in ${dataDirectory}`);
  const database = new Database(join(dataDirectory, name), { timeout: 5_000 });
  database.exec('BEGIN IMMEDIATE');
  return () => {
    database.exec('ROLLBACK');
    database.close();
  };
}
