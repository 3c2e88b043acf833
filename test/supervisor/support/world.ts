/**
 * What a supervisor needs around it: a runtime with the real Agent SDK, a git server with a password, a scripted model, and
 * folders of an unprivileged user. Everything real but the sandbox itself.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { bundleSupervisor } from '../../../src/supervisor-bundle.ts';
import { startGitServer, type GitServer } from '../../../src/dev/git-server/server.ts';
import { startScriptedModel, type ScriptedModel } from '../../../src/dev/scripted-model/server.ts';
import { SupervisorClient } from './client.ts';

export const agentUid = 10_001;
/** Below every floor: nothing but a test runs on it. */
export const testRuntimeVersion = '0-sdk.0.0.0';
const repositoryRoot = resolve(import.meta.dirname, '../../..');

export type World = {
  folder: string;
  /** Keeps what the agent writes beside its home below this folder: it would leave it in the machine's own. */
  agentVariables: Record<string, string>;
  gitToken: string;
  modelCredential: string;
  git: GitServer;
  model: ScriptedModel;
  /** A bare repository with one commit on `main`, served by the git server; resolves to its URL. */
  createRepository(name: string, files?: Record<string, string>): string;
  bareFolder(name: string): string;
  /** Folders of one sandbox: state, workspace and home. */
  createPlace(): Place;
  close(): Promise<void>;
};

export type Place = {
  folder: string;
  state: string;
  workspace: string;
  home: string;
  socket: string;
  /** Starts the bundled supervisor and waits until it listens. */
  start(): Promise<RunningSupervisor>;
};

export type RunningSupervisor = {
  client: SupervisorClient;
  process: ChildProcess;
  /** Kills it as a crash would, and waits. What it started stays. */
  crash(): Promise<void>;
  stop(): Promise<void>;
  hasAgent(): boolean;
  /** The agent's process, of which there is one. */
  agentPid(): number;
};

export async function createWorld(): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'harvest-supervisor-'));
  chmodSync(folder, 0o755);
  const gitToken = `canary-git-${randomUUID()}`;
  const modelCredential = `sk-ant-api03-canary-${randomUUID()}`;
  const bare = join(folder, 'bare');
  mkdirSync(bare);
  const git = await startGitServer({ directory: bare, token: gitToken });
  const model = await startScriptedModel({ credential: modelCredential });
  const runtime = await createRuntime(folder);
  const supervisors = new Set<RunningSupervisor>();
  const bareFolder = (name: string): string => join(bare, `${name}.git`);
  let places = 0;
  return {
    folder,
    agentVariables: agentVariables(join(folder, 'tmp')),
    gitToken,
    modelCredential,
    git,
    model,
    bareFolder,
    createRepository: (name, files = { 'README.md': `# ${name}\n` }) => {
      createBareRepository(bareFolder(name), join(folder, `seed-${name}`), files);
      return git.cloneUrl(name);
    },
    createPlace: () => createPlace({ folder: join(folder, `place-${++places}`), runtime, supervisors }),
    close: async () => {
      for (const supervisor of supervisors) await supervisor.stop();
      await model.close();
      await git.close();
      endProcessesIn(folder);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function disposableWorld(): Promise<World & AsyncDisposable> {
  const world = await createWorld();
  return { ...world, [Symbol.asyncDispose]: async () => world.close() };
}

/** The agent's socket takes another folder when its path has more than 103 bytes: a short name. */
function agentVariables(folder: string): Record<string, string> {
  mkdirSync(folder);
  chownSync(folder, agentUid, agentUid);
  return { CLAUDE_CODE_TMPDIR: folder, XDG_RUNTIME_DIR: folder };
}

type Runtime = { folder: string; program: string };

/**
 * The checkout may lie where only root comes (a home directory): what the agent's user runs is linked to a place that it can
 * reach, everything else is only read by the supervisor.
 */
function placeModules(from: string, to: string): void {
  const agentScope = '@anthropic-ai';
  mkdirSync(to);
  for (const name of readdirSync(from)) {
    if (name !== agentScope) symlinkSync(join(from, name), join(to, name));
  }
  const copy = 'cp -al "$0" "$1" 2>/dev/null || { rm -rf "$1/@anthropic-ai"; cp -a "$0" "$1"; }';
  execFileSync('sh', ['-c', copy, join(from, agentScope), to]);
}

async function createRuntime(folder: string): Promise<Runtime> {
  const runtime = join(folder, 'runtime');
  mkdirSync(join(runtime, 'supervisor'), { recursive: true });
  placeModules(join(repositoryRoot, 'node_modules'), join(runtime, 'node_modules'));
  writeFileSync(join(runtime, 'version'), `${testRuntimeVersion}\n`);
  const { code, fileName } = await bundleSupervisor();
  const program = join(runtime, 'supervisor', fileName);
  writeFileSync(program, code);
  return { folder: runtime, program };
}

function createPlace(input: {
  folder: string;
  runtime: Runtime;
  supervisors: Set<RunningSupervisor>;
}): Place {
  const { folder, runtime, supervisors } = input;
  const [state, workspace, home] = ['state', 'workspace', 'home'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const owned of [workspace, home]) {
    mkdirSync(owned, { recursive: true });
    chownSync(owned, agentUid, agentUid);
  }
  const socket = join(folder, 'run', 'supervisor.sock');
  const options = {
    state,
    socket,
    runtime: runtime.folder,
    workspace,
    'agent-uid': `${agentUid}`,
    'agent-gid': `${agentUid}`,
    'agent-home': home,
    'virtual-environment': join(folder, 'venv'),
  };
  const argv = [
    runtime.program,
    ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]),
    '--no-exclusive-agent-user',
  ];
  return {
    folder,
    state,
    workspace,
    home,
    socket,
    start: async () => {
      const child = spawn(process.execPath, argv, {
        env: { PATH: '/usr/bin:/bin' },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const exited = once(child, 'exit');
      const supervisor: RunningSupervisor = {
        client: new SupervisorClient(socket),
        process: child,
        crash: async () => {
          child.kill('SIGKILL');
          await exited;
          supervisors.delete(supervisor);
        },
        hasAgent: () => agentsIn(folder).length > 0,
        agentPid: () => {
          const [pid, ...others] = agentsIn(folder);
          if (pid === undefined || others.length > 0) throw new Error('there is not exactly one agent');
          return pid;
        },
        stop: async () => {
          child.kill('SIGTERM');
          await exited;
          supervisors.delete(supervisor);
        },
      };
      supervisors.add(supervisor);
      for await (const line of createInterface(child.stdout)) if (line.includes(' listens on ')) break;
      child.stdout.resume();
      return supervisor;
    },
  };
}

function createBareRepository(bare: string, seed: string, files: Record<string, string>): void {
  const git = (...args: string[]): void => {
    execFileSync('git', args, { cwd: seed, env: gitEnvironment, stdio: 'pipe' });
  };
  mkdirSync(seed);
  git('init', '--quiet', '--initial-branch=main');
  for (const [path, content] of Object.entries(files)) writeFileSync(join(seed, path), content);
  git('add', '--all');
  git('commit', '--quiet', '-m', 'Begin');
  execFileSync('git', ['clone', '--quiet', '--bare', seed, bare], { env: gitEnvironment });
  execFileSync('git', ['-C', bare, 'config', 'http.receivepack', 'true']);
}

export const gitEnvironment = {
  PATH: '/usr/bin:/bin',
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: 'safe.directory',
  GIT_CONFIG_VALUE_0: '*',
  GIT_AUTHOR_NAME: 'Test',
  GIT_AUTHOR_EMAIL: 'test@example.com',
  GIT_COMMITTER_NAME: 'Test',
  GIT_COMMITTER_EMAIL: 'test@example.com',
};

/** Processes of the agent user whose working folder is below `folder`: what a crashed supervisor left. */
function endProcessesIn(folder: string): void {
  for (const pid of agentProcessesIn(folder)) process.kill(pid, 'SIGKILL');
}

export function agentProcessesIn(folder: string): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const status = readFileSync(`/proc/${name}/status`, 'utf8');
      const isAgent = new RegExp(`^Uid:\\s+${agentUid}\\b`, 'm').test(status) && !/^State:\s+Z/m.test(status);
      const environ = isAgent ? readFileSync(`/proc/${name}/environ`, 'utf8') : '';
      return environ.includes(folder) ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

function agentsIn(folder: string): number[] {
  return agentProcessesIn(folder).filter((pid) => commandOf(pid).includes('stream-json'));
}

/** Its arguments, parted by NUL; empty when it has ended. */
export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
