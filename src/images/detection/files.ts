/**
 * What of a repository decides its toolchain: files at its root, of which some matter only with their beginning, or by
 * being there. A lockfile can have many megabytes.
 */

/** Paths relative to the repository's root, with their content. A path that is missing here is not in the repository. */
export type RepositoryFiles = ReadonlyMap<string, string>;

type FileToRead = {
  path: string;
  /** `head`: the first `headBytes` are enough. `presence`: any content will do, an empty one too. */
  read: 'whole' | 'head' | 'presence';
};

export const headBytes = 4096;

/** Whole files above this are not read as what their name says. */
export const maxWholeBytes = 1024 * 1024;

const whole = [
  '.nvmrc',
  '.node-version',
  'package.json',
  '.npmrc',
  '.yarnrc.yml',
  'pnpm-workspace.yaml',
  '.python-version',
  'pyproject.toml',
];

export const requirementFiles = [
  'requirements.txt',
  'requirements-dev.txt',
  'requirements_dev.txt',
  'dev-requirements.txt',
] as const;

const heads = [
  'pnpm-lock.yaml',
  'yarn.lock',
  'npm-shrinkwrap.json',
  'package-lock.json',
  'uv.lock',
  'poetry.lock',
];

const presences = [
  'bun.lock',
  'bun.lockb',
  ...requirementFiles,
  'setup.py',
  'setup.cfg',
  'pytest.ini',
  'Pipfile.lock',
  'pdm.lock',
];

/** Exact names. Give what is there of them to `detectToolchain`. */
export const filesToRead: readonly FileToRead[] = [
  ...whole.map((path) => ({ path, read: 'whole' as const })),
  ...heads.map((path) => ({ path, read: 'head' as const })),
  ...presences.map((path) => ({ path, read: 'presence' as const })),
];

/** The first bytes of a file, also where the caller has given the whole of it. Undefined: it is not there. */
export function headOf(files: RepositoryFiles, path: string): string | undefined {
  return files.get(path)?.slice(0, headBytes);
}
