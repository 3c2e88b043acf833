/**
 * The fingerprint of a toolchain: the same one means that the same commands would install the same dependencies. Scripts that
 * build or test, and metadata, do not count; whole lockfiles do.
 */
import { createHash } from 'node:crypto';
import { requirementFiles, type RepositoryFiles } from './files.ts';
import type { Manifest } from './manifest.ts';
import type { Pyproject } from './pyproject.ts';
import type { Toolchain } from './toolchain.ts';

type Decisive = {
  files: RepositoryFiles;
  blobIds: ReadonlyMap<string, string>;
  toolchain: Omit<Toolchain, 'fingerprint' | 'warnings'>;
  manifest: Manifest | undefined;
  pyproject: Pyproject | undefined;
};

const wholeFiles: readonly string[] = [
  '.npmrc',
  '.yarnrc.yml',
  'pnpm-workspace.yaml',
  'pnpm-lock.yaml',
  'yarn.lock',
  'bun.lock',
  'bun.lockb',
  'npm-shrinkwrap.json',
  'package-lock.json',
  'uv.lock',
  'poetry.lock',
  'setup.py',
  'setup.cfg',
  ...requirementFiles,
];

/** npm's life cycle of an install. */
const installScripts = ['preinstall', 'install', 'postinstall', 'preprepare', 'prepare', 'postprepare'];

export function fingerprintOf({ files, blobIds, toolchain, manifest, pyproject }: Decisive): string {
  const contents = wholeFiles.flatMap((path) => {
    const content = files.get(path);
    return content === undefined ? [] : [[path, blobIds.get(path) ?? sha256(content)]];
  });
  const { node, packageManager, python, steps } = toolchain;
  const installs = steps
    .filter(({ kind }) => kind === 'install')
    .map(({ argv, unfrozenArgv, environment }) => [argv, unfrozenArgv, environment]);
  const decisions = [node?.version, packageManager, python, installs];
  return sha256(JSON.stringify([decisions, contents, dependenciesIn(manifest), projectIn(pyproject)], plain));
}

function dependenciesIn(manifest: Manifest | undefined): unknown {
  if (manifest === undefined) return null;
  const { dependencies, devDependencies, optionalDependencies, peerDependencies, scripts } = manifest;
  const { overrides, resolutions, pnpm, workspaces } = manifest;
  const lifeCycle = installScripts.map((name) => scripts?.[name]);
  return [
    [dependencies, devDependencies, optionalDependencies, peerDependencies],
    [overrides, resolutions, pnpm, workspaces, lifeCycle],
  ];
}

function projectIn(pyproject: Pyproject | undefined): unknown {
  if (pyproject === undefined) return null;
  const { project, tool } = pyproject;
  return [project, pyproject['build-system'], pyproject['dependency-groups'], tool?.uv, tool?.poetry];
}

/** TOML has integers that JSON has not. */
function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
