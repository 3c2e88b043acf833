/**
 * Exact versions of package managers for repositories that do not say theirs, and what each major needs. To renew: `npm view
 * <package> versions --json`; Node requirements are each package's `engines.node`.
 */
import semver from 'semver';
import { packagePins } from '../pins.ts';
import type { PackageManagerName } from './toolchain.ts';

export const bunVersion = '1.4.5';

/** Newest of each major, newest major first. */
export const pinnedVersions: Readonly<Record<PackageManagerName, readonly string[]>> = {
  npm: ['12.2.0', '11.21.2', packagePins.npm, '9.9.4', '8.19.4', '7.24.2', '6.14.18'],
  pnpm: ['12.21.0', '11.28.11', '10.34.9', '9.15.9', '8.15.9', '7.33.7', '6.35.1'],
  yarn: ['4.18.1', '3.8.7', '2.4.2', '1.22.22'],
  bun: [bunVersion],
};

/** The npm that comes with each line of Node: two majors of npm do not always agree that a lockfile is up to date. */
const npmOfNode: readonly { node: string; npm: string }[] = [
  { node: '>=24', npm: '11.21.2' },
  { node: '^18.17.0 || >=20.5.0', npm: packagePins.npm },
  { node: '^18.0.0 || >=19', npm: '9.9.4' },
  { node: '>=16', npm: '8.19.4' },
];
const oldestNpm = '6.14.18';

export function npmFor(nodeVersion: string): string {
  return npmOfNode.find(({ node }) => semver.satisfies(nodeVersion, node))?.npm ?? oldestNpm;
}

/** Yarn that writes this version of its lockfile, tried out: a newer one calls the lockfile out of date. */
export const yarnOfLockfile: Readonly<Record<string, string>> = {
  '4': '3.0.2',
  '5': '3.1.1',
  '6': '3.8.7',
  '8': '4.12.0',
  '9': '4.14.1',
  '10': '4.18.1',
};

/** By the first number of `lockfileVersion`. 9 is pnpm 9 to 12. */
export const pnpmOfLockfile: Readonly<Record<string, string>> = {
  '5': '7.33.7',
  '6': '8.15.9',
  '9': '9.15.9',
};

/** For lockfiles of version 9 in repositories with settings that pnpm 9 does not know. */
export const pnpmWithSettings = '10.34.9';

export const yarnOneVersion = '1.22.22';
export const yarnBerryVersion = '4.18.1';

const nodeRequirements: Readonly<Record<PackageManagerName, readonly { versions: string; node: string }[]>> =
  {
    npm: [
      { versions: '12', node: '^22.22.2 || ^24.15.0 || >=26.0.0' },
      { versions: '11', node: '^20.17.0 || >=22.9.0' },
      { versions: '10', node: '^18.17.0 || >=20.5.0' },
      { versions: '9', node: '^14.17.0 || ^16.13.0 || >=18.0.0' },
      { versions: '8', node: '^12.13.0 || ^14.15.0 || >=16.0.0' },
      { versions: '7', node: '>=10' },
      { versions: '6', node: '6 >=6.2.0 || 8 || >=9.3.0' },
    ],
    pnpm: [
      { versions: '11', node: '>=22.13' },
      { versions: '9 || 10', node: '>=18.12' },
      { versions: '8', node: '>=16.14' },
      { versions: '7', node: '>=14.6' },
      { versions: '6', node: '>=12.17' },
    ],
    yarn: [
      { versions: '4', node: '>=18.12.0' },
      { versions: '2 || 3', node: '>=12 <14 || 14.2 - 14.9 || >14.10.0' },
    ],
    bun: [],
  };

/** The range of Node that this version runs on; undefined: any. */
export function nodeNeededBy(name: PackageManagerName, version: string): string | undefined {
  const plain = semver.coerce(version)?.version ?? version;
  return nodeRequirements[name].find(({ versions }) => semver.satisfies(plain, versions))?.node;
}

/**
 * The npm package, of the same version, that brings a package manager without an install script: those of `bun` and of pnpm
 * since 12 fetch a binary, which the platform's own package just contains.
 */
export function npmPackageOf(
  name: PackageManagerName,
  version: string,
): { name: string; links: Record<string, string> } {
  if (name === 'bun') return { name: '@oven/bun-linux-x64', links: { bun: 'bin/bun', bunx: 'bin/bun' } };
  if (name === 'pnpm' && semver.major(version) >= 12) {
    return { name: '@pnpm/exe.linux-x64', links: { pnpm: 'pnpm', pnpx: 'pnpm' } };
  }
  if (name === 'yarn' && semver.major(version) >= 2) return { name: '@yarnpkg/cli-dist', links: {} };
  return { name, links: {} };
}

/** The one of yarn 2 that is on npm as a program of its own. */
export const yarnTwoVersion = '2.4.2';
