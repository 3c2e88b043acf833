import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { mountVolumes } from '../../../src/modal-emulator/volumes/mount-volumes.ts';
import { VolumeStore } from '../../../src/modal-emulator/volumes/volume-store.ts';
import { makeStateDirectory } from '../support/harness.ts';

let directory: string;
let logs: string[];
beforeEach(() => {
  directory = makeStateDirectory();
  logs = [];
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

const open = (ephemeralLifetimeSeconds = 60): VolumeStore =>
  new VolumeStore({ directory, ephemeralLifetimeSeconds, log: (line) => logs.push(line) });
const make = (volumes: VolumeStore, name: string | null): string =>
  volumes.create({ environmentName: 'main', name, version: 2 }).volumeId;

test('a volume whose record cannot be read, or is not there, is kept and hidden', async () => {
  const first = open();
  const kept = [make(first, 'torn'), make(first, 'bare')];
  const [torn = '', bare = ''] = kept;
  for (const volumeId of kept) writeFileSync(join(directory, volumeId, 'files', 'file'), 'precious');
  writeFileSync(join(directory, torn, 'volume.json'), '{"volumeId": "vo-');
  rmSync(join(directory, bare, 'volume.json'));
  const again = open();
  await again.collect();
  expect(logs.toSorted()).toEqual(
    kept.map((volumeId) => `the record of volume ${volumeId} cannot be read`).toSorted(),
  );
  for (const name of ['torn', 'bare']) expect(again.find('main', name)).toBeUndefined();
  expect(readdirSync(directory).toSorted()).toEqual(kept.toSorted());
  for (const volumeId of kept) {
    expect(readFileSync(join(directory, volumeId, 'files', 'file'), 'utf8')).toBe('precious');
  }
});

test('a volume that was held when it was deleted is not there for the next process, which removes it', async () => {
  const first = open();
  const volumeId = make(first, 'doomed');
  first.hold(volumeId);
  await first.delete(volumeId);
  expect(readdirSync(directory)).toEqual([`deleted-${volumeId}`]);
  const again = open();
  expect(again.find('main', 'doomed')).toBeUndefined();
  expect(() => again.hold(volumeId)).toThrow(/not found/);
  expect(logs).toEqual([]);
  await again.collect();
  expect(readdirSync(directory)).toEqual([]);
});

test('a volume whose removal, or making, was cut short has not its name, and is removed', async () => {
  for (const name of ['deleted-vo-half', 'new-vo-half']) {
    mkdirSync(join(directory, name, 'files'), { recursive: true });
    const record = { volumeId: 'vo-half', environmentName: 'main', name: 'half', version: 2, createdAtMs: 0 };
    writeFileSync(join(directory, name, 'volume.json'), JSON.stringify(record));
  }
  const volumes = open();
  expect(volumes.find('main', 'half')).toBeUndefined();
  expect(logs).toEqual([]);
  const made = make(volumes, 'half');
  await volumes.collect();
  expect(readdirSync(directory)).toEqual([made]);
});

test('a volume is removed with its last release, each of which counts once', async () => {
  const volumes = open();
  const volumeId = make(volumes, 'shared');
  const [one, two] = [volumes.hold(volumeId), volumes.hold(volumeId)];
  await volumes.delete(volumeId);
  await Promise.all([one.release(), one.release()]);
  expect(readdirSync(directory)).toEqual([`deleted-${volumeId}`]);
  await two.release();
  expect(readdirSync(directory)).toEqual([]);
});

test('what was held for mounts of which one cannot be had is released before that is said', async () => {
  const volumes = open(-1);
  const volumeId = make(volumes, null);
  const wanted = [volumeId, 'vo-none'].map((each, index) => ({
    volumeId: each,
    mountPath: `/mnt/${index}`,
    readOnly: false,
    subPath: [],
  }));
  await expect(mountVolumes(volumes, wanted)).rejects.toThrow('Volume vo-none not found');
  await volumes.sweep();
  expect(readdirSync(directory)).toEqual([]);
});

test('volumes without a name are deleted when nobody mounts them and their owner is silent', async () => {
  const volumes = open(-1);
  const named = make(volumes, 'named');
  const passing = make(volumes, null);
  const held = volumes.hold(passing);
  await volumes.sweep();
  expect(readdirSync(directory)).toHaveLength(2);
  await held.release();
  await volumes.sweep();
  expect(readdirSync(directory)).toEqual([named]);
  expect(() => volumes.heard(passing)).toThrow(/not found/);
});

test('everybody may look into a volume, whatever this process may otherwise give', () => {
  const before = process.umask(0o077);
  try {
    const files = join(directory, make(open(), 'open'), 'files');
    expect(statSync(files).mode & 0o777).toBe(0o755);
  } finally {
    process.umask(before);
  }
});
