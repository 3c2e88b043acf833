/**
 * Which package manager installs a repository's JavaScript dependencies, in which exact version.
 *
 * The name: what package.json says (`package-manager-request.ts`), else the lockfile's, else npm.
 * The version: what is said with the name, else the repository's own release file of yarn, else `volta` and `engines`, else
 * what writes such a lockfile, else the pinned one.
 */
import semver from 'semver';
import { packagePins } from '../pins.ts';
import type { RepositoryFiles } from './files.ts';
import { lockfilesIn, versionByLockfile, type Lockfile } from './lockfiles.ts';
import type { Manifest } from './manifest.ts';
import {
  bunVersion,
  nodeNeededBy,
  npmFor,
  npmPackageOf,
  pnpmWithSettings,
  yarnBerryVersion,
  yarnOneVersion,
  yarnTwoVersion,
} from './package-manager-pins.ts';
import {
  exactVersionOf,
  requestedPackageManager,
  versionWished,
  type PackageManagerRequest,
} from './package-manager-request.ts';
import { quoted } from './quoted.ts';
import type { NodeChoice, PackageManager, PackageManagerName } from './toolchain.ts';
import { workspacesOf } from './workspaces.ts';
import { releaseFileOf } from './yarn-release-file.ts';

type Surroundings = {
  files: RepositoryFiles;
  manifest: Manifest | undefined;
  node: NodeChoice | null;
  warnings: string[];
};

/** Null: there is no package.json that can be read, so there is nothing to install. */
export function detectPackageManager(surroundings: Surroundings): PackageManager | null {
  const { files, manifest, node, warnings } = surroundings;
  const lockfiles = lockfilesIn(files);
  if (manifest === undefined) {
    const [stray] = lockfiles;
    if (stray !== undefined && !files.has('package.json')) {
      warnings.push(`${stray.path} is there without a package.json: it is ignored.`);
    }
    return null;
  }
  const nodeVersion = node?.version ?? packagePins.node;
  const asked = requestedPackageManager(manifest, warnings);
  const lockfile = asked === undefined ? lockfiles[0] : lockfiles.find(({ owner }) => owner === asked.name);
  warnAboutOthers({ lockfiles, lockfile, asked, warnings });
  const name = asked?.name ?? lockfile?.owner ?? 'npm';
  const byLockfile = lockfile === undefined ? undefined : versionByLockfile(files, lockfile, manifest);
  const usual = byLockfile ?? defaultVersion(name, files, nodeVersion);
  const version = versionOf({ name, usual, asked, files, manifest, warnings });
  warnIfNodeIsWrong({ name, version, nodeVersion, warnings });
  return {
    name,
    version,
    from: asked?.from ?? lockfile?.path ?? 'package.json',
    npmPackage: npmPackageOf(name, version),
    lockfile: lockfile?.path ?? null,
    yarnPath: name === 'yarn' ? (releaseFileOf(files)?.path ?? null) : null,
    workspaces: workspacesOf(files, manifest, name),
  };
}

function defaultVersion(name: PackageManagerName, files: RepositoryFiles, nodeVersion: string): string {
  switch (name) {
    case 'npm':
      return npmFor(nodeVersion);
    case 'pnpm':
      return pnpmWithSettings;
    case 'yarn':
      return files.has('.yarnrc.yml') ? yarnBerryVersion : yarnOneVersion;
    case 'bun':
      return bunVersion;
  }
}

type VersionQuestion = {
  name: PackageManagerName;
  usual: string;
  asked: PackageManagerRequest | undefined;
  files: RepositoryFiles;
  manifest: Manifest;
  warnings: string[];
};

function versionOf({ name, usual, asked, files, manifest, warnings }: VersionQuestion): string {
  const releaseFile = name === 'yarn' ? releaseFileOf(files)?.version : undefined;
  const text = asked?.version ?? releaseFile ?? versionWished(manifest, name);
  if (text === undefined) return usual;
  const version = exactVersionOf(text, name, usual);
  if (version === undefined) {
    warnings.push(`package.json asks for ${name} ${quoted(text)}, which is no version: ${usual} is used.`);
    return usual;
  }
  if (name === 'yarn' && semver.major(version) === 2 && version !== yarnTwoVersion) {
    warnings.push(`Of yarn 2, only ${yarnTwoVersion} is used: package.json asks for ${version}.`);
    return yarnTwoVersion;
  }
  return version;
}

type LockfileQuestion = {
  lockfiles: readonly Lockfile[];
  lockfile: Lockfile | undefined;
  asked: PackageManagerRequest | undefined;
  warnings: string[];
};

function warnAboutOthers({ lockfiles, lockfile, asked, warnings }: LockfileQuestion): void {
  const others = lockfiles.filter((other) => other !== lockfile).map(({ path }) => path);
  if (others.length === 0) return;
  const reason =
    asked === undefined
      ? `There are several lockfiles, and ${lockfile?.path} is followed`
      : `${asked.from} says ${asked.name}`;
  warnings.push(`${reason}: ${others.join(', ')} is ignored.`);
}

type NodeQuestion = { name: PackageManagerName; version: string; nodeVersion: string; warnings: string[] };

function warnIfNodeIsWrong({ name, version, nodeVersion, warnings }: NodeQuestion): void {
  const needed = nodeNeededBy(name, version);
  if (needed === undefined || semver.satisfies(nodeVersion, needed)) return;
  warnings.push(`${name} ${version} needs Node ${needed}, and the repository has ${nodeVersion}.`);
}
