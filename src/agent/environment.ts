/** The environment of the agent process, built from nothing: no variable of the supervisor reaches it (I8). */
import { agentUser } from '../contracts/sandbox-layout.ts';

export type AgentEnvironmentInput = {
  home: string;
  path: string;
  /** Must be set: without it the transcript is not mirrored, silently. */
  configDirectory: string;
  /** The model proxy: what the agent holds is its ticket, never the credential. */
  model: { url: string; ticket: string; credentialKind: CredentialKind };
  /** `gitEnvironment` of src/git. */
  git: Record<string, string>;
  /** The session's plain variables. They cannot replace what is set here, but for PATH and the like. */
  environment: Record<string, string>;
};

export type CredentialKind = 'oauth' | 'api-key';

/** The agent sends other headers with an OAuth token than with an API key, so its placeholder must be of the same kind. */
export function credentialKindOf(credential: string): CredentialKind {
  return credential.startsWith('sk-ant-oat') ? 'oauth' : 'api-key';
}

/** They would send the agent past the model proxy, or break it (see the Agent SDK's own variables). */
const notTheSessions = new Set([
  'ANTHROPIC_API_KEY',
  'ANTHROPIC_AUTH_TOKEN',
  'ANTHROPIC_UNIX_SOCKET',
  'CLAUDE_CODE_OAUTH_TOKEN',
  'CLAUDE_CODE_USE_BEDROCK',
  'CLAUDE_CODE_USE_FOUNDRY',
  'CLAUDE_CODE_USE_VERTEX',
  'CLAUDE_CODE_SUBPROCESS_ENV_SCRUB',
]);

/** Also right for `exec`: the agent's own variables do no harm there. */
export function agentEnvironment(input: AgentEnvironmentInput): Record<string, string> {
  const { url, ticket, credentialKind } = input.model;
  const own = Object.fromEntries(
    Object.entries(input.environment).filter(([name]) => !notTheSessions.has(name)),
  );
  const noProxy = [own['NO_PROXY'] ?? own['no_proxy'], '127.0.0.1,localhost'].filter(Boolean).join(',');
  return {
    PATH: input.path,
    LANG: 'C.UTF-8',
    SHELL: '/bin/bash',
    ...own,
    // Model and git proxy are on loopback, whatever HTTP proxy the session names.
    NO_PROXY: noProxy,
    no_proxy: noProxy,
    HOME: input.home,
    USER: agentUser.name,
    LOGNAME: agentUser.name,
    CLAUDE_CONFIG_DIR: input.configDirectory,
    ANTHROPIC_BASE_URL: url,
    ...(credentialKind === 'oauth' ? { CLAUDE_CODE_OAUTH_TOKEN: ticket } : { ANTHROPIC_API_KEY: ticket }),
    DISABLE_TELEMETRY: '1',
    DISABLE_ERROR_REPORTING: '1',
    DISABLE_AUTOUPDATER: '1',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    ...input.git,
  };
}
