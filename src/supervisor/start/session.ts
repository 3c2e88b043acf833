/**
 * A session that was started here: what needs its secrets. Owns the two proxies and the agent; the secrets themselves are
 * in the proxies' memory and nowhere else (I8).
 */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { agentEnvironment, credentialKindOf } from '../../agent/environment.ts';
import { agentOptions, type AgentRepository } from '../../agent/options.ts';
import type { StartRequest } from '../../contracts/supervisor.ts';
import { gitEnvironment } from '../../git/environment.ts';
import { nothingIsPushed, type SessionPushRule } from '../../git/push-rule.ts';
import { createRedactor } from '../../secrets/redaction.ts';
import { AgentSession, type AgentSessionInput } from '../agent-session/agent-session.ts';
import { configFolderOf } from '../agent-session/transcript-file.ts';
import { uncommittedWorkIn } from '../agent-session/uncommitted-work.ts';
import type { Generation } from '../generation.ts';
import { Recorder } from '../recorder.ts';
import { startGitProxy } from '../proxies/git-proxy.ts';
import { startModelProxy } from '../proxies/model-proxy.ts';
import { sessionPushRule } from '../proxies/session-push-rule.ts';
import { newTicket } from '../proxies/ticket.ts';
import type { Settings } from '../settings.ts';

export type Session = {
  request: StartRequest;
  recorder: Recorder;
  /** Of the agent, its tools and execs. */
  env: Readonly<Record<string, string>>;
  repositories: readonly AgentRepository[];
  /** Where agent and execs work: the first repository, else the workspace. */
  directory: string;
  /** The agent that goes on with that conversation; null begins a new one. */
  createAgent: (agentSessionId: string | null) => AgentSession;
  close: () => Promise<void>;
};

export type OpenSession = { settings: Settings; generation: Generation; request: StartRequest };

export async function openSession({ settings, generation, request }: OpenSession): Promise<Session> {
  const { secrets, model, branch, user } = request;
  const ticket = newTicket();
  const recorder = new Recorder(generation, createRedactor({ values: secretsIn(request, ticket) }));
  const modelProxy = await startModelProxy({ upstreamUrl: model.url, credential: secrets.claude, ticket });
  const gitProxy = await startGitProxy({
    repositories: request.repositories,
    token: secrets.github,
    ticket,
    pushRule: pushRuleOf(settings, branch),
    onPush: (data) => recorder.event({ type: 'git.pushed', data }, generation.turns.running ?? undefined),
    onRefused: (data) =>
      recorder.event({ type: 'git.push-refused', data }, generation.turns.running ?? undefined),
  });
  const env = agentEnvironment({
    home: settings.agentHome,
    path: settings.agentPath,
    configDirectory: configFolderOf(settings),
    model: { url: modelProxy.url, ticket, credentialKind: credentialKindOf(secrets.claude ?? '') },
    git: gitEnvironment({ user, insteadOf: gitProxy.insteadOf }),
    environment: await variablesOf(settings, request),
  });
  const repositories = repositoriesOf(settings, request);
  const directory = repositories[0]?.path ?? settings.workspacePath;
  const options: AgentSessionInput['options'] = ({ resume, ...limits }) =>
    agentOptions({
      repositories: atLeastOne(repositories),
      branch: ofItsOwn(branch),
      user,
      environment: env,
      hasUncommittedWork: uncommittedWorkIn(settings),
      ...(model.name === undefined ? {} : { model: model.name }),
      ...(resume === undefined ? {} : { resume }),
      ...limits,
    });
  return {
    request,
    recorder,
    env,
    repositories,
    directory,
    createAgent: (agentSessionId) =>
      new AgentSession({
        settings,
        recorder,
        sessionId: request.sessionId,
        cwd: directory,
        model: model.name,
        options,
        agentSessionId,
      }),
    close: async () => {
      await modelProxy.close();
      await gitProxy.close();
    },
  };
}

function secretsIn({ secrets }: StartRequest, ticket: string): string[] {
  return [secrets.github, secrets.claude, ticket].filter((value) => value !== undefined);
}

function repositoriesOf(settings: Settings, request: StartRequest): AgentRepository[] {
  return request.repositories.map(({ name, branch }) => ({
    name,
    branch,
    path: directoryOf(settings, name),
  }));
}

/** The machine's, Python's, and on top of them the session's own. */
async function variablesOf(settings: Settings, request: StartRequest): Promise<Record<string, string>> {
  const python = await pythonVariables(settings, request);
  return { ...settings.machineVariables, ...python, ...request.environment };
}

/**
 * Tools look for it, not only for its folder on PATH. uv has its own word for the one of a project, which it would else make
 * beside; with several projects it cannot be that of all.
 */
async function pythonVariables(
  { virtualEnvironment }: Settings,
  { repositories }: StartRequest,
): Promise<Record<string, string>> {
  const isThere = await access(virtualEnvironment).then(
    () => true,
    () => false,
  );
  if (!isThere) return {};
  const ofProject = repositories.length === 1 ? { UV_PROJECT_ENVIRONMENT: virtualEnvironment } : {};
  return { VIRTUAL_ENV: virtualEnvironment, ...ofProject };
}

function directoryOf(settings: Settings, repository: string): string {
  return join(settings.workspacePath, repository);
}

function pushRuleOf(settings: Settings, branch: string | null): SessionPushRule {
  if (branch === null) return nothingIsPushed;
  return sessionPushRule(settings, branch, (name) => directoryOf(settings, name));
}

function atLeastOne([first, ...others]: readonly AgentRepository[]): [AgentRepository, ...AgentRepository[]] {
  if (first === undefined) throw new Error('an agent works in at least one repository');
  return [first, ...others];
}

function ofItsOwn(branch: string | null): string {
  if (branch === null) throw new Error('an agent works on a branch of its own');
  return branch;
}
