/** The PreToolUse hook of the agent: `judgeToolUse` at work, with what it needs to know of files. */
import type { HookCallback, Options } from '@anthropic-ai/claude-agent-sdk';
import { judgeToolUse, type ToolSituation, type WorkRule } from './judge-tool-use.ts';
import type { UncommittedWork } from './objection.ts';

/** Whether the repository around `directory` holds such work. Answers in less than half a minute, and never rejects. */
export type HasUncommittedWork = (directory: string, work: UncommittedWork) => Promise<boolean>;

export type ToolHookInput = Pick<ToolSituation, 'repositories'> & { hasUncommittedWork: HasUncommittedWork };

/** An agent that waits no longer for the hook does not run the tool either, and is told nothing that helps it. */
const timeoutSeconds = 60;

/** Only Bash has rules, and every answer is a message there and back. */
export function toolHooks(input: ToolHookInput): NonNullable<Options['hooks']> {
  return { PreToolUse: [{ matcher: 'Bash', hooks: [toolHook(input)], timeout: timeoutSeconds }] };
}

function toolHook({ repositories, hasUncommittedWork }: ToolHookInput): HookCallback {
  return async (event) => {
    if (event.hook_event_name !== 'PreToolUse') return {};
    const judgement = judgeToolUse(event.tool_name, event.tool_input, { directory: event.cwd, repositories });
    switch (judgement.kind) {
      case 'allow':
        return {};
      case 'deny':
        return denied(judgement.sentence);
      case 'denyIfWork': {
        const broken = await firstBroken(judgement.rules, hasUncommittedWork);
        return broken === undefined ? {} : denied(broken.sentence);
      }
    }
  };
}

/** All at once, as the agent waits. */
async function firstBroken(
  rules: readonly WorkRule[],
  hasUncommittedWork: HasUncommittedWork,
): Promise<WorkRule | undefined> {
  const found = await Promise.all(
    rules.map(async ({ directory, work }) => hasUncommittedWork(directory, work)),
  );
  return rules.find((_, index) => found[index]);
}

function denied(sentence: string): Awaited<ReturnType<HookCallback>> {
  return {
    hookSpecificOutput: {
      hookEventName: 'PreToolUse',
      permissionDecision: 'deny',
      permissionDecisionReason: sentence,
    },
  };
}
