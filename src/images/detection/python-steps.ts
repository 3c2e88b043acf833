/**
 * How Python dependencies are installed, always into a virtual environment outside the repository.
 *
 * `uv sync --locked`, not `--frozen`: the latter does not look whether the lockfile is up to date, and succeeds without the
 * dependencies that it does not know.
 */
import { requirementFiles, type RepositoryFiles } from './files.ts';
import { isPackage, type Pyproject } from './pyproject.ts';
import type { PythonChoice, ToolchainStep } from './toolchain.ts';

export type PythonPlaces = {
  /** A folder outside the repository, which the first step creates. */
  virtualEnvironment: string;
  /** A folder outside the repository for the tools that steps install; their commands are in its `bin`. */
  tools: string;
};

type PythonPlan = {
  python: PythonChoice;
  places: PythonPlaces;
  files: RepositoryFiles;
  pyproject: Pyproject | undefined;
  /** The base image's Python is what the repository requires. */
  fits: boolean;
};

/** `.python-version` would choose another one, and uv would fetch it from its own site. */
const systemPython = ['--python', '3.11'];
const noDownloads = { UV_PYTHON_DOWNLOADS: 'never' };

export function pythonSteps(plan: PythonPlan): ToolchainStep[] {
  // Some installs work all the same, and nobody is helped by no repo image at all.
  const onFailure = plan.fits ? 'fail' : 'warn';
  return [...installsOf(plan).map((step) => ({ ...step, onFailure }) as const), ...testsOf(plan)];
}

type Install = Omit<ToolchainStep, 'onFailure'>;

function installsOf(plan: PythonPlan): Install[] {
  switch (plan.python.manager) {
    case 'uv':
      return [uvSync(plan)];
    case 'poetry':
      return [createEnvironment(plan.places), ...poetryInstalls(plan)];
    case 'pip':
      return [createEnvironment(plan.places), pipInstall(plan)];
  }
}

function uvSync({ python, places, pyproject }: PythonPlan): Install {
  const members = pyproject?.tool?.uv?.['workspace'] === undefined ? [] : ['--all-packages'];
  const sync = ['uv', 'sync', ...systemPython, ...members];
  return {
    title: 'Install Python dependencies with uv',
    kind: 'install',
    argv: python.lockfile === null ? sync : [...sync, '--locked'],
    unfrozenArgv: python.lockfile === null ? null : sync,
    environment: { ...noDownloads, UV_PROJECT_ENVIRONMENT: places.virtualEnvironment },
    putBack: ['uv.lock'],
  };
}

function createEnvironment({ virtualEnvironment }: PythonPlaces): Install {
  return {
    title: 'Create the virtual environment',
    kind: 'install',
    argv: ['uv', 'venv', '--allow-existing', ...systemPython, virtualEnvironment],
    unfrozenArgv: null,
    environment: noDownloads,
    putBack: [],
  };
}

function poetryInstalls({ python, places }: PythonPlan): Install[] {
  const poetry = `${places.tools}/bin/poetry`;
  const version = python.poetryVersion;
  // Poetry 2 keeps the locked versions unasked, and does not know the option any more.
  const lock = version?.startsWith('1.') === true ? 'lock --no-update' : 'lock';
  const relock = `"$0" ${lock} --no-interaction && "$0" install --no-interaction`;
  return [
    {
      title: 'Install Poetry',
      kind: 'install',
      argv: ['uv', 'tool', 'install', ...systemPython, `poetry==${version}`],
      unfrozenArgv: null,
      environment: {
        ...noDownloads,
        UV_TOOL_DIR: `${places.tools}/uv`,
        UV_TOOL_BIN_DIR: `${places.tools}/bin`,
      },
      putBack: [],
    },
    {
      title: 'Install Python dependencies with Poetry',
      kind: 'install',
      argv: [poetry, 'install', '--no-interaction'],
      unfrozenArgv: python.lockfile === null ? null : ['sh', '-c', relock, poetry],
      environment: { VIRTUAL_ENV: places.virtualEnvironment, POETRY_VIRTUALENVS_CREATE: 'false' },
      putBack: ['poetry.lock'],
    },
  ];
}

function pipInstall({ places, files, pyproject }: PythonPlan): Install {
  const requirements = requirementFiles.filter((path) => files.has(path)).flatMap((path) => ['-r', path]);
  // Beside requirements, `[project]` alone is no sign that the repository can be built as a package.
  const isBuilt =
    requirements.length === 0 ? isPackage(pyproject) : pyproject?.['build-system'] !== undefined;
  const itself = isBuilt || files.has('setup.py') ? ['-e', '.'] : [];
  return {
    title: 'Install Python dependencies',
    kind: 'install',
    argv: ['uv', 'pip', 'install', ...requirements, ...itself],
    unfrozenArgv: null,
    environment: { ...noDownloads, VIRTUAL_ENV: places.virtualEnvironment },
    putBack: [],
  };
}

/** pytest where the repository has settings for it. */
function testsOf({ places, files, pyproject }: PythonPlan): ToolchainStep[] {
  if (pyproject?.tool?.pytest === undefined && !files.has('pytest.ini')) return [];
  return [
    {
      title: 'Run pytest',
      kind: 'test',
      argv: [`${places.virtualEnvironment}/bin/python`, '-m', 'pytest'],
      unfrozenArgv: null,
      environment: { CI: 'true' },
      putBack: [],
      onFailure: 'ignore',
    },
  ];
}
