/**
 * Lockfiles of JavaScript package managers. Where there are several, the first of this order decides: pnpm, yarn, bun, npm.
 * npm comes last because one stray `npm install` leaves a package-lock.json, and the others are there on purpose.
 */
import { headOf, type RepositoryFiles } from './files.ts';
import {
  pnpmOfLockfile,
  pnpmWithSettings,
  yarnBerryVersion,
  yarnOfLockfile,
  yarnOneVersion,
} from './package-manager-pins.ts';
import type { Manifest } from './manifest.ts';
import type { PackageManagerName } from './toolchain.ts';

const lockfileOwners = {
  'pnpm-lock.yaml': 'pnpm',
  'yarn.lock': 'yarn',
  'bun.lock': 'bun',
  'bun.lockb': 'bun',
  'npm-shrinkwrap.json': 'npm',
  'package-lock.json': 'npm',
} as const satisfies Record<string, PackageManagerName>;

export type Lockfile = { path: string; owner: PackageManagerName };

/** Those that are there, in the order above. */
export function lockfilesIn(files: RepositoryFiles): Lockfile[] {
  return Object.entries(lockfileOwners)
    .map(([path, owner]) => ({ path, owner }))
    .filter(({ path }) => files.has(path));
}

/** The version of the package manager that writes such a lockfile; undefined: the lockfile does not tell. */
export function versionByLockfile(
  files: RepositoryFiles,
  lockfile: Lockfile,
  manifest: Manifest | undefined,
): string | undefined {
  const head = headOf(files, lockfile.path) ?? '';
  if (lockfile.owner === 'yarn') return yarnVersion(head);
  if (lockfile.owner === 'pnpm') return pnpmVersion(head, hasPnpmSettings(files, manifest));
  return undefined;
}

function yarnVersion(head: string): string | undefined {
  const berry = /^__metadata:\s+version: (\d+)/m.exec(head)?.[1];
  if (berry !== undefined) return yarnOfLockfile[berry] ?? yarnBerryVersion;
  // An empty lockfile is what one creates before the first install of berry, and what yarn 1 leaves without dependencies.
  return head.includes('# yarn lockfile v1') ? yarnOneVersion : undefined;
}

function pnpmVersion(head: string, withSettings: boolean): string | undefined {
  const major = /^lockfileVersion: ['"]?(\d+)/m.exec(head)?.[1];
  if (major === undefined) return undefined;
  return major === '9' && withSettings ? pnpmWithSettings : pnpmOfLockfile[major];
}

/**
 * Settings since pnpm 10. Without them it is pnpm 9, which runs the dependencies' install scripts: 10 runs only those that a
 * setting names, and a repository of 9 names none.
 */
function hasPnpmSettings(files: RepositoryFiles, manifest: Manifest | undefined): boolean {
  const keys = [...(files.get('pnpm-workspace.yaml') ?? '').matchAll(/^([A-Za-z]\w*):/gm)].map(
    ([, key]) => key,
  );
  if (keys.some((key) => key !== 'packages' && key !== 'catalog' && key !== 'catalogs')) return true;
  return ['onlyBuiltDependencies', 'ignoredBuiltDependencies'].some((key) => key in (manifest?.pnpm ?? {}));
}
