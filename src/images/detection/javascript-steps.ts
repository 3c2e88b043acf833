/**
 * How each package manager installs, builds and tests. Where a package manager can install without writing a lockfile, the
 * unfrozen command does so: a repo image's work trees are clean.
 */
import semver from 'semver';
import { scriptOf, type Manifest } from './manifest.ts';
import type { PackageManager, ToolchainStep } from './toolchain.ts';

type InstallCommands = {
  frozen: string[];
  unfrozen: string[];
  /** Without a lockfile of this package manager. */
  withoutLockfile: string[];
  environment?: Record<string, string>;
  /** The lockfile that `unfrozen` and `withoutLockfile` write. */
  writes?: string;
};

export function javascriptSteps(
  packageManager: PackageManager,
  manifest: Manifest | undefined,
): ToolchainStep[] {
  return [installStep(packageManager), ...scriptSteps(packageManager, manifest)];
}

function installStep(packageManager: PackageManager): ToolchainStep {
  const { lockfile, name } = packageManager;
  const commands = commandsOf(packageManager);
  const written = commands.writes === undefined ? [] : [lockfile ?? commands.writes];
  return {
    title: `Install JavaScript dependencies with ${name}`,
    kind: 'install',
    argv: lockfile === null ? commands.withoutLockfile : commands.frozen,
    unfrozenArgv: lockfile === null ? null : commands.unfrozen,
    environment: commands.environment ?? {},
    putBack: written,
    onFailure: 'fail',
  };
}

function commandsOf({ name, version }: PackageManager): InstallCommands {
  const quiet = ['--no-audit', '--no-fund'];
  switch (name) {
    case 'npm':
      return {
        frozen: ['npm', 'ci', ...quiet],
        unfrozen: ['npm', 'install', '--no-save', ...quiet],
        withoutLockfile: ['npm', 'install', '--no-package-lock', ...quiet],
      };
    case 'pnpm':
      return {
        frozen: ['pnpm', 'install', '--frozen-lockfile'],
        unfrozen: ['pnpm', 'install', '--no-frozen-lockfile'],
        withoutLockfile: ['pnpm', 'install', '--no-lockfile'],
        // Without a terminal, pnpm gives up where it would ask.
        environment: { CI: 'true' },
        writes: 'pnpm-lock.yaml',
      };
    case 'yarn':
      return semver.major(version) < 2 ? yarnOne : yarnBerry;
    case 'bun':
      return {
        frozen: ['bun', 'install', '--frozen-lockfile'],
        unfrozen: ['bun', 'install', '--no-save'],
        withoutLockfile: ['bun', 'install', '--no-save'],
      };
  }
}

const yarnOne: InstallCommands = {
  frozen: ['yarn', 'install', '--frozen-lockfile', '--non-interactive'],
  unfrozen: ['yarn', 'install', '--pure-lockfile', '--non-interactive'],
  withoutLockfile: ['yarn', 'install', '--no-lockfile', '--non-interactive'],
};

const yarnBerry: InstallCommands = {
  frozen: ['yarn', 'install', '--immutable'],
  unfrozen: ['yarn', 'install', '--no-immutable'],
  withoutLockfile: ['yarn', 'install', '--no-immutable'],
  environment: { YARN_ENABLE_TELEMETRY: '0' },
  writes: 'yarn.lock',
};

/** What `npm init` writes as `test`. */
const noTest = /no test specified/;

function scriptSteps({ name }: PackageManager, manifest: Manifest | undefined): ToolchainStep[] {
  const steps: ToolchainStep[] = [];
  if (scriptOf(manifest, 'build') !== undefined) {
    steps.push({ ...scriptStep(`Run the build script with ${name}`, [name, 'run', 'build']), kind: 'build' });
  }
  const test = scriptOf(manifest, 'test');
  if (test !== undefined && !noTest.test(test)) {
    steps.push({
      ...scriptStep(`Run the test script with ${name}`, [name, 'run', 'test']),
      kind: 'test',
      // Test runners that would watch the files run once.
      environment: { CI: 'true' },
      onFailure: 'ignore',
    });
  }
  return steps;
}

function scriptStep(title: string, argv: string[]): Omit<ToolchainStep, 'kind'> {
  return { title, argv, unfrozenArgv: null, environment: {}, putBack: [], onFailure: 'warn' };
}
