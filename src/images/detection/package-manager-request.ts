/** Where a repository names its package manager, and which exact version its words mean. */
import semver from 'semver';
import type { Manifest } from './manifest.ts';
import { pinnedVersions } from './package-manager-pins.ts';
import { quoted } from './quoted.ts';
import type { PackageManagerName } from './toolchain.ts';

export type PackageManagerRequest = {
  name: PackageManagerName;
  /** A version or a range, as it is written. Undefined: the repository names none. */
  version: string | undefined;
  from: string;
};

/**
 * The first that is understood of `packageManager`, `devEngines.packageManager`, `volta.pnpm` and `volta.yarn`. `volta.npm` is
 * no choice of npm, because Volta has npm beside every other: see `versionWished`.
 */
export function requestedPackageManager(
  manifest: Manifest,
  warnings: string[],
): PackageManagerRequest | undefined {
  return ofField(manifest, warnings) ?? ofDevEngines(manifest, warnings) ?? ofVolta(manifest);
}

/** What other fields say about a package manager that was chosen without a version: `volta`, then `engines`. */
export function versionWished(manifest: Manifest, name: PackageManagerName): string | undefined {
  const volta = name === 'bun' ? undefined : manifest.volta?.[name];
  return volta ?? manifest.engines?.[name];
}

/**
 * An exact version as it is, without corepack's hash. Of a range: `usual` when it is in it, else the pinned version nearest to
 * it, else the lowest that it allows, because somebody has written that one down. Undefined: it is no version.
 */
export function exactVersionOf(asked: string, name: PackageManagerName, usual: string): string | undefined {
  const text = asked.slice(0, 300);
  const exact = semver.valid(text);
  if (exact !== null) return exact;
  const range = semver.validRange(text);
  if (range === null) return undefined;
  if (semver.satisfies(usual, range)) return usual;
  const lowest = semver.minVersion(range)?.version;
  const pinned = pinnedVersions[name].filter((version) => semver.satisfies(version, range));
  const isAbove = lowest !== undefined && semver.gt(lowest, usual);
  return (isAbove ? pinned.at(-1) : pinned[0]) ?? lowest;
}

/** Corepack's form: `pnpm@9.1.0+sha512.…`. */
function ofField(manifest: Manifest, warnings: string[]): PackageManagerRequest | undefined {
  const field = manifest.packageManager;
  if (field === undefined) return undefined;
  const from = 'package.json packageManager';
  const [, name = '', version] = /^([a-z]+)(?:@(.+))?$/s.exec(field) ?? [];
  if (isPackageManager(name)) return { name, version, from };
  warnings.push(notOurs(from, field));
  return undefined;
}

function ofDevEngines(manifest: Manifest, warnings: string[]): PackageManagerRequest | undefined {
  const from = 'package.json devEngines.packageManager';
  for (const { name, version } of manifest.devEngines?.packageManager ?? []) {
    if (isPackageManager(name)) return { name, version, from };
    warnings.push(notOurs(from, name));
  }
  return undefined;
}

function ofVolta(manifest: Manifest): PackageManagerRequest | undefined {
  for (const name of ['pnpm', 'yarn'] as const) {
    const version = manifest.volta?.[name];
    if (version !== undefined) return { name, version, from: `package.json volta.${name}` };
  }
  return undefined;
}

function isPackageManager(name: string): name is PackageManagerName {
  return Object.hasOwn(pinnedVersions, name);
}

function notOurs(from: string, text: string): string {
  return `${from} is ${quoted(text)}, which is none of npm, pnpm, yarn and bun: it is ignored.`;
}
