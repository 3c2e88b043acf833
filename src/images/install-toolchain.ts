/**
 * From what was detected in the repositories of a set to the commands of its build: shared tools, all installs, then builds,
 * then tests, the set's own commands, and a probe that decides whether the image can be used. Pure. Every command runs as the
 * agent user and may be run again.
 */
import { createHash } from 'node:crypto';
import { supervisorPaths, toolchainPaths } from '../contracts/sandbox-layout.ts';
import type { PythonPlaces } from './detection/python-steps.ts';
import type { ToolchainStep } from './detection/toolchain.ts';
import { sharedTools, type DetectedRepository, type SharedTools, type ToolFromNpm } from './shared-tools.ts';
import { installFromNpm, linkFirstEnvironment, probeVersions } from './toolchain-scripts.ts';

export type BuildCommand = {
  /** Unique in the build, and an id of an exec. */
  name: string;
  /** For people. */
  title: string;
  /** Null: it is about none, or about all. */
  repository: string | null;
  argv: [string, ...string[]];
  cwd: string;
  /** On top of the sandbox's. */
  environment: Record<string, string>;
  timeoutSeconds: number;
  /** What its failure means for the build: its end, a warning, nothing. */
  onFailure: 'fail' | 'warn' | 'ignore';
  /** For when `argv` fails because the lockfile is out of date. Null: there is no other way. */
  unfrozenArgv: [string, ...string[]] | null;
  /** Files below `cwd` that the command may write unasked. */
  putBack: string[];
};

export type InstallPlan = {
  /** In their order; the last one is the probe. */
  steps: BuildCommand[];
  /** Sentences for people, those of the detection among them. */
  warnings: string[];
  /** Exact versions by tool: `node`, `pnpm`, `python` … */
  toolchain: Record<string, string>;
  /** Of everything that decides what is installed. */
  fingerprint: string;
};

export type InstallInput = {
  /** In the set's order. */
  repositories: readonly DetectedRepository[];
  /** The set's own shell commands. */
  setup: readonly string[];
};

const minute = 60;
const toolSeconds = 5 * minute;
const secondsOf = { install: 20 * minute, build: 20 * minute, test: 10 * minute } as const;
const setupSeconds = 20 * minute;
const probeSeconds = minute;

/** Of the base image: a Node of an attempt before may be one that npm does not run on. */
const basePath = '/usr/local/bin:/usr/bin:/bin';

const { root, virtualEnvironments } = toolchainPaths;
const { workspace } = supervisorPaths;

/** Where the detection lets a repository's Python be installed. */
export function pythonPlacesOf(repository: string): PythonPlaces {
  return { virtualEnvironment: `${virtualEnvironments}/${repository}`, tools: root };
}

export function planInstall({ repositories, setup }: InstallInput): InstallPlan {
  const shared = sharedTools(repositories);
  const steps = [
    ...shared.fromNpm.map(installTool),
    ...linkFirst(repositories),
    ...(['install', 'build', 'test'] as const).flatMap((kind) => stepsOf(repositories, kind)),
    ...setup.map((command, at) => setUp(command, { at, of: setup.length })),
    probe(shared, repositories),
  ];
  return {
    steps,
    warnings: [
      ...repositories.flatMap(({ name, toolchain }) => toolchain.warnings.map((text) => `${name}: ${text}`)),
      ...shared.warnings,
    ],
    toolchain: shared.versions,
    fingerprint: createHash('sha256')
      .update(JSON.stringify(repositories.map(({ name, toolchain }) => [name, toolchain.fingerprint])))
      .digest('hex'),
  };
}

const about = {
  repository: null,
  cwd: root,
  environment: {},
  timeoutSeconds: toolSeconds,
  onFailure: 'fail',
  unfrozenArgv: null,
  putBack: [],
} as const satisfies Partial<BuildCommand>;

function shell(script: string, args: readonly string[]): [string, ...string[]] {
  return ['sh', '-c', script, 'sh', ...args];
}

function own(command: Pick<BuildCommand, 'name' | 'title' | 'argv'> & Partial<BuildCommand>): BuildCommand {
  return { ...about, putBack: [], ...command };
}

function installTool({ tool, package: name, version, links }: ToolFromNpm): BuildCommand {
  return own({
    name: `tool-${tool}`,
    title: `Install ${tool === 'node' ? 'Node' : tool} ${version}`,
    argv: shell(installFromNpm, [root, tool, name, version, ...Object.entries(links).flat()]),
    environment: { PATH: basePath },
  });
}

/** PATH has one virtual environment: the first repository's. */
function linkFirst(repositories: readonly DetectedRepository[]): BuildCommand[] {
  const first = repositories.find(({ toolchain }) => toolchain.python !== null);
  if (first === undefined) return [];
  return [
    own({
      name: 'first-environment',
      title: `Put the virtual environment of ${first.name} on PATH`,
      argv: shell(linkFirstEnvironment, [virtualEnvironments, first.name]),
    }),
  ];
}

function stepsOf(repositories: readonly DetectedRepository[], kind: ToolchainStep['kind']): BuildCommand[] {
  const steps = repositories.flatMap(({ name, toolchain }) =>
    toolchain.steps.filter((step) => step.kind === kind).map((step) => ({ repository: name, step })),
  );
  return steps.map(({ repository, step }, at) => ({
    name: `${kind}-${at + 1}`,
    title: `${repository}: ${step.title}`,
    repository,
    argv: atLeastOne(step.argv),
    cwd: `${workspace}/${repository}`,
    environment: step.environment,
    timeoutSeconds: secondsOf[kind],
    onFailure: step.onFailure,
    unfrozenArgv: step.unfrozenArgv === null ? null : atLeastOne(step.unfrozenArgv),
    putBack: step.putBack,
  }));
}

function atLeastOne([program, ...args]: readonly string[]): [string, ...string[]] {
  if (program === undefined) throw new Error('a step without a command');
  return [program, ...args];
}

function setUp(command: string, { at, of }: { at: number; of: number }): BuildCommand {
  return own({
    name: `setup-${at + 1}`,
    title: `Set-up command ${at + 1} of ${of}`,
    argv: ['bash', '-lc', command],
    cwd: workspace,
    timeoutSeconds: setupSeconds,
  });
}

/** As a person's login shell finds them. */
function probe({ versions }: SharedTools, repositories: readonly DetectedRepository[]): BuildCommand {
  const programs = (['node', 'npm', 'pnpm', 'yarn', 'bun'] as const).flatMap((tool) => {
    const version = versions[tool];
    return version === undefined ? [] : [tool, `${tool === 'node' ? 'v' : ''}${version}`, tool];
  });
  const pythons = repositories
    .filter(hasPython)
    .flatMap(({ name }) => [
      `${pythonPlacesOf(name).virtualEnvironment}/bin/python`,
      'Python 3.',
      `Python of ${name}`,
    ]);
  return own({
    name: 'probe',
    title: 'Probe the toolchain',
    argv: ['bash', '-lc', probeVersions, 'bash', ...programs, ...pythons],
    cwd: workspace,
    timeoutSeconds: probeSeconds,
  });
}

/** Where an install may fail there may be no virtual environment. */
function hasPython({ toolchain: { python, steps } }: DetectedRepository): boolean {
  return python !== null && !steps.some(({ kind, onFailure }) => kind === 'install' && onFailure !== 'fail');
}
