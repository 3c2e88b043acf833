/** A session's clone of a remote, and its work taken from there and brought back elsewhere. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { CarriedWork } from '../../../src/contracts/checkpoint.ts';
import { carryWork } from '../../../src/git/carry.ts';
import { type CloneInput, cloneRepository } from '../../../src/git/clone.ts';
import { restoreWork, type RestoreResult } from '../../../src/git/restore.ts';
import { makePlace, makeRemote, type Place, viewOf } from './repositories.ts';

type Carried = { work: CarriedWork; bundlePath: string | null };

const repository = 'project';

export type CarryPlace = Place & {
  remote: string;
  /** The session's clone. */
  work: string;
  cloneInput(directory: string, changes?: Partial<CloneInput>): CloneInput;
  /** A fresh clone, as a sandbox without a snapshot begins. */
  clone(changes?: Partial<CloneInput>): Promise<string>;
  /** Takes the work, and checks that taking it changed nothing at all. */
  carry(directory: string): Promise<Carried>;
  restore(carried: Carried, directory: string): Promise<RestoreResult>;
};

export async function makeCarryPlace(): Promise<CarryPlace> {
  const place = await makePlace();
  const remote = await makeRemote(place);
  const cloneInput: CarryPlace['cloneInput'] = (directory, changes = {}) => {
    const branches = { branch: 'main', sessionBranch: 'harvest/s1' };
    return { repository, url: remote, ...branches, directory, ...changes };
  };
  const clone: CarryPlace['clone'] = async (changes) => {
    const directory = join(await place.folder(), repository);
    await cloneRepository(place.run, cloneInput(directory, changes));
    return directory;
  };
  return {
    ...place,
    remote,
    work: await clone(),
    cloneInput,
    clone,
    carry: async (directory) => {
      const before = await untouchables(place, directory);
      const input = { repository, directory, temporaryDirectory: await place.folder() };
      const { work, bundlePath } = await carryWork(place.run, input);
      expect(await untouchables(place, directory)).toEqual(before);
      const bytes = bundlePath === null ? Buffer.alloc(0) : await readFile(bundlePath);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      return { work: { ...work, bytes: bytes.length, sha256 }, bundlePath };
    },
    restore: async (carried, directory) => {
      const temporaryDirectory = await place.folder();
      return restoreWork(place.run, { repository, directory, temporaryDirectory, ...carried });
    },
  };
}

async function untouchables(place: Place, directory: string): Promise<unknown> {
  return {
    index: (await readFile(join(directory, '.git/index'))).toString('base64'),
    head: await readFile(join(directory, '.git/HEAD'), 'utf8'),
    refs: await place.git(directory, 'for-each-ref'),
    objects: await place.git(directory, 'count-objects', '-v'),
    config: await readFile(join(directory, '.git/config'), 'utf8'),
  };
}

/** Carries the work into a fresh clone, which must then be the same in every respect. */
export async function expectCarried(
  place: CarryPlace,
  work = place.work,
  remote = place.remote,
): Promise<{ carried: Carried; restored: RestoreResult; directory: string }> {
  const before = await viewOf(place, work);
  const carried = await place.carry(work);
  const directory = await place.clone({ url: remote });
  const restored = await place.restore(carried, directory);
  expect(await viewOf(place, directory)).toEqual(before);
  return { carried, restored, directory };
}
