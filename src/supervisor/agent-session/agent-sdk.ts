/**
 * The Agent SDK, loaded when it is first asked for: reading it takes longer than everything else that the supervisor does
 * until it listens. The one import that is not bundled.
 */
import type * as AgentSdk from '@anthropic-ai/claude-agent-sdk';

let loaded: Promise<typeof AgentSdk> | undefined;

export async function agentSdk(): Promise<typeof AgentSdk> {
  loaded ??= import('@anthropic-ai/claude-agent-sdk');
  return loaded;
}
