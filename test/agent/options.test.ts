import { BUILTIN_TOOL_NAMES } from '@anthropic-ai/claude-agent-sdk';
import { describe, expect, test } from 'vitest';
import { agentEnvironment, credentialKindOf } from '../../src/agent/environment.ts';
import { agentOptions, disallowedTools } from '../../src/agent/options.ts';
import { recorded } from './recorded.ts';

const input = {
  repositories: [
    { name: 'api', path: '/workspace/api', branch: 'main' },
    { name: 'web', path: '/workspace/web', branch: 'develop' },
  ],
  branch: 'harvest/s1',
  user: { name: 'Ada', email: 'ada@example.org' },
  environment: { PATH: '/usr/bin' },
  hasUncommittedWork: async () => Promise.resolve(false),
} as const;

describe('options', () => {
  test('start in the first repository, run without asking and tell everything', () => {
    expect(agentOptions(input)).toMatchObject({
      cwd: '/workspace/api',
      additionalDirectories: ['/workspace/web'],
      env: { PATH: '/usr/bin' },
      permissionMode: 'bypassPermissions',
      allowDangerouslySkipPermissions: true,
      includePartialMessages: true,
      mcpServersDelivery: 'initialize',
    });
    expect(agentOptions(input)).not.toHaveProperty('resume');
    expect(agentOptions({ ...input, model: 'm', resume: 'r' })).toMatchObject({ model: 'm', resume: 'r' });
    expect(agentOptions(input)).not.toHaveProperty('maxBudgetUsd');
    expect(agentOptions({ ...input, maxTurns: 3, budgetUsd: 2 })).toMatchObject({
      maxTurns: 3,
      maxBudgetUsd: 2,
    });
  });

  test('what the agent does to git is judged before it is done', () => {
    expect(agentOptions(input).hooks).toMatchObject({ PreToolUse: [{ matcher: 'Bash' }] });
  });

  test('the rules name branch, identity, repositories and pushes', () => {
    const { systemPrompt } = agentOptions(input);
    const append = typeof systemPrompt === 'object' && 'append' in systemPrompt ? systemPrompt.append : '';
    for (const part of [
      'harvest/s1',
      'Ada (Harvest) <ada@example.org>',
      '/workspace/web',
      'never ask',
      'git push',
      'Never pull and never stash',
    ]) {
      expect(append).toContain(part);
    }
  });

  test('only tools that exist are taken away, and the agent has the others', () => {
    for (const name of disallowedTools) expect(BUILTIN_TOOL_NAMES).toContain(name);
    const [init] = recorded('text');
    if (init?.type !== 'system' || init.subtype !== 'init') throw new Error('the stream begins with init');
    expect(init.tools).toEqual(expect.arrayContaining(['Bash', 'Edit', 'Read', 'Write']));
    expect(init.tools.filter((tool) => (disallowedTools as readonly string[]).includes(tool))).toEqual([]);
  });
});

describe('the environment', () => {
  const environment = {
    home: '/home/agent',
    path: '/usr/bin:/bin',
    configDirectory: '/home/agent/.claude',
    model: { url: 'http://127.0.0.1:1', ticket: 'ticket', credentialKind: 'oauth' },
    git: { GIT_TERMINAL_PROMPT: '0' },
    environment: {
      FOO: 'bar',
      PATH: '/own/bin',
      HOME: '/root',
      ANTHROPIC_BASE_URL: 'http://evil',
      NO_PROXY: 'intern.example',
    },
  } as const;

  test('holds the session’s variables, but not in the place of ours', () => {
    expect(agentEnvironment(environment)).toMatchObject({
      FOO: 'bar',
      PATH: '/own/bin',
      HOME: '/home/agent',
      ANTHROPIC_BASE_URL: 'http://127.0.0.1:1',
      CLAUDE_CONFIG_DIR: '/home/agent/.claude',
      GIT_TERMINAL_PROMPT: '0',
    });
  });

  test('local proxies are reached directly, whatever proxy the session names', () => {
    expect(agentEnvironment(environment)).toMatchObject({
      NO_PROXY: 'intern.example,127.0.0.1,localhost',
      no_proxy: 'intern.example,127.0.0.1,localhost',
    });
  });

  test('shows the ticket as the kind of credential that the proxy replaces it by', () => {
    expect(agentEnvironment(environment)).toMatchObject({ CLAUDE_CODE_OAUTH_TOKEN: 'ticket' });
    expect(agentEnvironment(environment)).not.toHaveProperty('ANTHROPIC_API_KEY');
    const model = { ...environment.model, credentialKind: 'api-key' } as const;
    expect(agentEnvironment({ ...environment, model })).toMatchObject({ ANTHROPIC_API_KEY: 'ticket' });
    expect(credentialKindOf('sk-ant-oat01-x')).toBe('oauth');
    expect(credentialKindOf('sk-ant-api03-x')).toBe('api-key');
  });

  test('a variable of the session cannot bring a second credential into the CLI', () => {
    const own = { ANTHROPIC_API_KEY: 'mine', ANTHROPIC_AUTH_TOKEN: 'mine', CLAUDE_CODE_USE_BEDROCK: '1' };
    const result = agentEnvironment({ ...environment, environment: own });
    expect(result).not.toHaveProperty('ANTHROPIC_API_KEY');
    expect(result).not.toHaveProperty('ANTHROPIC_AUTH_TOKEN');
  });
});
