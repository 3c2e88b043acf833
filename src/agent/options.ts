/** What the agent process is started with. How it is spawned, and its session store, the supervisor adds. */
import type { Options } from '@anthropic-ai/claude-agent-sdk';
import { instructions } from './instructions.ts';
import { toolHooks, type HasUncommittedWork } from './tool-hook.ts';

export type AgentRepository = { name: string; path: string; branch: string };

export type AgentOptionsInput = {
  /** The first one's folder is where the agent starts. */
  repositories: readonly [AgentRepository, ...AgentRepository[]];
  /** The session's own branch. */
  branch: string;
  user: { name: string; email: string };
  /** From `agentEnvironment`. */
  environment: Record<string, string>;
  model?: string;
  /** The agent's session id, to resume its conversation. */
  resume?: string;
  /** Of each message that the agent is told. */
  maxTurns?: number;
  /** Over the whole life of the process, from its start. */
  budgetUsd?: number;
  hasUncommittedWork: HasUncommittedWork;
};

/** They wait for a human, or work past the end of a turn, when nobody would see it. */
export const disallowedTools = [
  'AskUserQuestion',
  'EnterPlanMode',
  'ExitPlanMode',
  'EnterWorktree',
  'ExitWorktree',
  'CronCreate',
  'CronDelete',
  'CronList',
  'ScheduleWakeup',
  'RemoteTrigger',
  'PushNotification',
  'SendUserFile',
  'SendUserMessage',
  'SendFeedback',
  'ShareOnboardingGuide',
  'ShowOnboardingRolePicker',
  'OfferChromeSetup',
  'ClaudeDesign',
  'Artifact',
  'Projects',
] as const;

export function agentOptions(input: AgentOptionsInput): Options {
  const [first, ...others] = input.repositories;
  return {
    cwd: first.path,
    additionalDirectories: others.map((repository) => repository.path),
    env: input.environment,
    permissionMode: 'bypassPermissions',
    allowDangerouslySkipPermissions: true,
    permissionPrompts: 'none',
    includePartialMessages: true,
    disallowedTools: [...disallowedTools],
    hooks: toolHooks({
      repositories: input.repositories.map(({ path }) => path),
      hasUncommittedWork: input.hasUncommittedWork,
    }),
    systemPrompt: { type: 'preset', preset: 'claude_code', append: instructions(input) },
    // MCP settings go over stdin: in argv every process of the sandbox could read their credentials (I8).
    mcpServersDelivery: 'initialize',
    ...(input.model === undefined ? {} : { model: input.model }),
    ...(input.resume === undefined ? {} : { resume: input.resume }),
    ...(input.maxTurns === undefined ? {} : { maxTurns: input.maxTurns }),
    ...(input.budgetUsd === undefined ? {} : { maxBudgetUsd: input.budgetUsd }),
  };
}
