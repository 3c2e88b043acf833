import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeCarryPlace } from './support/carry-place.ts';
import { type Place, viewOf } from './support/repositories.ts';
import { editAtRandom, randomOf } from './support/random-edits.ts';

const rounds = Number(process.env['CARRY_ROUNDS'] ?? 8);
const firstSeed = Number(process.env['CARRY_SEED'] ?? 1);
const editsInARound = 12;

test.each(Array.from({ length: rounds }, (_, round) => firstSeed + round))(
  'whatever was done to a repository comes back in a fresh clone and on an older snapshot (seed %i)',
  async (seed) => {
    await using place = await makeCarryPlace();
    const { work } = place;
    const random = randomOf(seed);
    const edit = async (): Promise<void> => {
      for (let edits = 0; edits < editsInARound; edits += 1) await editAtRandom(place, work, random);
      await dropEmptyPromises(place, work);
    };
    await edit();
    const snapshot = join(await place.folder(), 'project');
    await place.run(['-a', '--', work, snapshot], { program: 'cp' });
    await edit();

    const before = await viewOf(place, work);
    const carried = await place.carry(work);
    expect(await viewOf(place, work)).toEqual(before);

    const fresh = await place.clone();
    await place.git(snapshot, 'fetch', '--quiet', 'origin');
    for (const directory of [fresh, snapshot]) {
      const result = await place.restore(carried, directory);
      expect(result.notRestored).toEqual([]);
      expect(await viewOf(place, directory)).toEqual(before);
    }
  },
);

/** A file that was added with intent to add and then deleted is nowhere: git cannot put that into an index again. */
async function dropEmptyPromises(place: Place, directory: string): Promise<void> {
  const deleted = await place.git(directory, 'ls-files', '--deleted', '--stage', '-z');
  for (const entry of deleted
    .split('\0')
    .filter((line) => line.includes('e69de29bb2d1d6434b8b29ae775ad8c2e48c5391'))) {
    await place.git(
      directory,
      'rm',
      '--force',
      '--quiet',
      '--cached',
      '--',
      Buffer.from(entry.split('\t')[1] ?? '', 'latin1').toString(),
    );
  }
}
