import { describe, expect, test } from 'vitest';
import { promptIdSchema } from '../../src/contracts/ids.ts';
import { detectToolchain } from '../../src/images/detection/detect-toolchain.ts';
import {
  planInstall,
  pythonPlacesOf,
  type BuildCommand,
  type InstallPlan,
} from '../../src/images/install-toolchain.ts';
import { packagePins } from '../../src/images/pins.ts';
import type { DetectedRepository } from '../../src/images/shared-tools.ts';
import { manifest, type Files } from './detection/detect.ts';

function repository(name: string, files: Files): DetectedRepository {
  const given = { files: new Map(Object.entries(files)), blobIds: new Map<string, string>() };
  return { name, toolchain: detectToolchain({ ...given, places: pythonPlacesOf(name) }) };
}

const plan = (repositories: DetectedRepository[], setup: string[] = []): InstallPlan =>
  planInstall({ repositories, setup });

const titles = ({ steps }: InstallPlan): string[] => steps.map(({ title }) => title);
const named = ({ steps }: InstallPlan, name: string): BuildCommand => {
  const found = steps.find((step) => step.name === name);
  if (found === undefined) throw new Error(`there is no step ${name}`);
  return found;
};
/** Without the script. */
const argumentsOf = (command: BuildCommand): string[] => command.argv.slice(4);

const pnpm = { packageManager: 'pnpm@9.15.9', scripts: { build: 'tsc', test: 'node --test' } };
const web = repository('web', {
  '.nvmrc': '20.20.2\n',
  'package.json': manifest(pnpm),
  'pnpm-lock.yaml': "lockfileVersion: '9.0'\n",
});
const uv = { 'pyproject.toml': '[project]\nname = "api"\n[tool.pytest]\n', 'uv.lock': 'version = 1\n' };
const api = repository('api', uv);
const nothing = repository('notes', { 'README.md': '# Notes\n' });

describe('the steps of a build', () => {
  test('are tools, installs, builds and tests of all repositories, the set’s own commands, and the probe', () => {
    expect(titles(plan([web, api, nothing], ['make data', 'make more']))).toEqual([
      'Install Node 20.20.2',
      'Install pnpm 9.15.9',
      'Put the virtual environment of api on PATH',
      'web: Install JavaScript dependencies with pnpm',
      'api: Install Python dependencies with uv',
      'web: Run the build script with pnpm',
      'web: Run the test script with pnpm',
      'api: Run pytest',
      'Set-up command 1 of 2',
      'Set-up command 2 of 2',
      'Probe the toolchain',
    ]);
  });

  test('have names of their own, which an exec can have', () => {
    const names = plan([web, api, web], ['make']).steps.map(({ name }) => promptIdSchema.parse(name));
    expect(new Set(names).size).toBe(names.length);
  });

  test('of a repository run in its folder, as it was detected', () => {
    const { steps } = plan([web, api]);
    const install = web.toolchain.steps[0];
    expect(steps.find(({ repository }) => repository === 'web')).toEqual({
      name: 'install-1',
      title: 'web: Install JavaScript dependencies with pnpm',
      repository: 'web',
      argv: ['pnpm', 'install', '--frozen-lockfile'],
      unfrozenArgv: ['pnpm', 'install', '--no-frozen-lockfile'],
      cwd: '/workspace/web',
      environment: install?.environment,
      putBack: ['pnpm-lock.yaml'],
      onFailure: 'fail',
      timeoutSeconds: 1_200,
    });
    expect(steps.filter(({ repository }) => repository !== null).map(({ onFailure }) => onFailure)).toEqual([
      'fail',
      'fail',
      'warn',
      'ignore',
      'ignore',
    ]);
  });

  test('of a set are shell commands in the workspace that have to succeed', () => {
    expect(named(plan([nothing], ['echo "$HOME"']), 'setup-1')).toMatchObject({
      argv: ['bash', '-lc', 'echo "$HOME"'],
      cwd: '/workspace',
      repository: null,
      onFailure: 'fail',
    });
  });

  test('where nothing is recognised are the probe alone', () => {
    const { steps, warnings, toolchain } = plan([nothing]);
    expect(steps.map(({ name }) => name)).toEqual(['probe']);
    expect({ warnings, toolchain }).toEqual({ warnings: [], toolchain: {} });
  });
});

describe('the toolchain', () => {
  test('is linked where PATH finds it', () => {
    const both = plan([web, api]);
    expect(argumentsOf(named(both, 'tool-node'))).toEqual([
      '/opt/toolchain',
      'node',
      'node-linux-',
      '20.20.2',
      'node',
      'bin/node',
    ]);
    expect(argumentsOf(named(both, 'tool-pnpm'))).toEqual(['/opt/toolchain', 'pnpm', 'pnpm', '9.15.9']);
    expect(argumentsOf(named(both, 'first-environment'))).toEqual(['/opt/toolchain/venv', 'api']);
    expect(both.toolchain).toEqual({ node: '20.20.2', pnpm: '9.15.9', python: '3.11.2' });
  });

  test('is what the base image has where that is asked for', () => {
    const own = repository('web', {
      '.nvmrc': packagePins.node,
      'package.json': manifest({ packageManager: `npm@${packagePins.npm}` }),
    });
    expect(titles(plan([own]))).toEqual([
      'web: Install JavaScript dependencies with npm',
      'Probe the toolchain',
    ]);
    expect(plan([own]).toolchain).toEqual({ node: packagePins.node, npm: packagePins.npm });
  });

  test('has an npm that runs on its Node, whoever calls it', () => {
    const old = repository('web', {
      '.nvmrc': '16.20.2',
      'package.json': manifest({ packageManager: 'yarn@1.22.22' }),
    });
    expect(plan([old]).toolchain).toEqual({ node: '16.20.2', yarn: '1.22.22', npm: '8.19.4' });
  });

  test('has commands that a package does not declare', () => {
    const bun = repository('web', { 'package.json': manifest({ packageManager: 'bun@1.4.5' }) });
    expect(argumentsOf(named(plan([bun]), 'tool-bun'))).toEqual([
      '/opt/toolchain',
      'bun',
      '@oven/bun-linux-x64',
      '1.4.5',
      'bun',
      'bin/bun',
      'bunx',
      'bin/bun',
    ]);
  });

  test('is the first repository’s where two ask for different ones, and that is said', () => {
    const other = repository('shop', {
      '.nvmrc': '18.20.8',
      'package.json': manifest({ packageManager: 'pnpm@10.0.0' }),
    });
    const { warnings, toolchain } = plan([nothing, web, other]);
    expect(toolchain).toMatchObject({ node: '20.20.2', pnpm: '9.15.9' });
    expect(warnings).toEqual([
      'shop asks for node 18.20.8, but web, which comes first, asks for 20.20.2: that one is used.',
      'shop asks for pnpm 10.0.0, but web, which comes first, asks for 9.15.9: that one is used.',
    ]);
    expect(plan([other, web]).toolchain).toMatchObject({ node: '18.20.8', pnpm: '10.0.0' });
  });

  test('has the package managers of all repositories', () => {
    const other = repository('shop', { 'package.json': manifest({ packageManager: 'yarn@4.18.1' }) });
    const { warnings, toolchain } = plan([web, other]);
    expect(warnings).toEqual([]);
    expect(toolchain).toEqual({ node: '20.20.2', pnpm: '9.15.9', yarn: '4.18.1' });
  });

  test('has the Poetry that was installed last', () => {
    const poetry = (name: string, major: number) =>
      repository(name, {
        'pyproject.toml': '[tool.poetry]\nname = "x"\n',
        'poetry.lock': `# This file is automatically @generated by Poetry ${major}.0.0 and should not be changed by hand.\n`,
      });
    const { warnings, toolchain } = plan([poetry('one', 1), poetry('two', 2)]);
    expect(toolchain['poetry']).toMatch(/^2\./);
    expect(warnings).toEqual([expect.stringMatching(/^two asks for Poetry 2\.\S+ after 1\./)]);
  });

  test('comes with what the detection warned about', () => {
    const odd = repository('web', { 'package.json': manifest(), '.nvmrc': 'no-such-node\n' });
    expect(plan([odd]).warnings).toEqual([expect.stringMatching(/^web: \.nvmrc asks for Node/)]);
  });
});

describe('the probe', () => {
  test('looks at all that was chosen, from a login shell', () => {
    const probe = plan([web, api]).steps.at(-1);
    expect(probe?.argv.slice(0, 2)).toEqual(['bash', '-lc']);
    expect(probe?.argv.slice(4)).toEqual([
      'node',
      'v20.20.2',
      'node',
      'pnpm',
      '9.15.9',
      'pnpm',
      '/opt/toolchain/venv/api/bin/python',
      'Python 3.',
      'Python of api',
    ]);
  });

  test('asks for no Python whose install may fail', () => {
    const newer = repository('api', {
      'pyproject.toml': '[project]\nname = "api"\nrequires-python = ">=3.13"\n',
    });
    expect(plan([newer]).steps.at(-1)?.argv.slice(4)).toEqual([]);
  });
});

test('the fingerprint is that of all repositories in their order, and of nothing that is not installed', () => {
  const { fingerprint } = plan([web, api]);
  expect(fingerprint).toMatch(/^[0-9a-f]{64}$/);
  expect(plan([web, api], ['make']).fingerprint).toBe(fingerprint);
  expect(plan([api, web]).fingerprint).not.toBe(fingerprint);
  expect(plan([web, { ...api, name: 'apis' }]).fingerprint).not.toBe(fingerprint);
  const changed = repository('api', { ...uv, 'uv.lock': 'version = 2\n' });
  expect(plan([web, changed]).fingerprint).not.toBe(fingerprint);
});
