/** What the base image lays out and worker, supervisor and agent rely on: who the agent user is, and what lies where. */

/** A small uid may be another user's on a machine whose users show through. */
export const agentUser = { name: 'agent', uid: 10_001, gid: 10_001, home: '/home/agent' } as const;

export const supervisorPaths = {
  socket: '/run/harvest/supervisor.sock',
  runtime: '/opt/harvest',
  node: '/opt/harvest/bin/node',
  /** `supervisor-<sha256>.mjs`: named by its own hash, so that a restored snapshot never runs an old one. */
  programs: '/opt/harvest/supervisor',
  /** Root-only; one folder per generation: journal and what must survive the supervisor's restart. */
  state: '/var/lib/harvest',
  workspace: '/workspace',
} as const;

/**
 * What a repo image installs for its repositories, owned by the agent user. Both folders come first on the PATH of agent,
 * execs and login shells, whether or not they are there.
 */
export const toolchainPaths = {
  root: '/opt/toolchain',
  bin: '/opt/toolchain/bin',
  /** One per repository, by its name. */
  virtualEnvironments: '/opt/toolchain/venv',
  /** A link to the first repository's. */
  virtualEnvironmentBin: '/opt/toolchain/venv/.first/bin',
} as const;
