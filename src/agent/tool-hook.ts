/** The PreToolUse hook of the agent: `judgeToolUse` at work, with what it needs to know of files and of the fetch. */
import type { HookCallback, Options } from '@anthropic-ai/claude-agent-sdk';
import { judgeToolUse, type ToolJudgement, type ToolSituation } from './judge-tool-use.ts';
import type { UncommittedWork } from './objection.ts';

/** Whether the repository around `directory` holds such work; false when there is none, or it cannot be read. */
export type HasUncommittedWork = (directory: string, work: UncommittedWork) => Promise<boolean>;

export type ToolHookInput = Pick<ToolSituation, 'branch' | 'repositories'> & {
  hasUncommittedWork: HasUncommittedWork;
  /** Settles, either way, when the repositories are up to date or will not be. Absent when they are already. */
  fetched?: Promise<unknown>;
  /** How long a tool call is held for the fetch. */
  holdSeconds?: number;
};

const defaultHoldSeconds = 300;
/** An agent that waits no longer for the hook does not run the tool either, and is told nothing that helps it. */
const spareSeconds = 60;

export function toolHooks(input: ToolHookInput): NonNullable<Options['hooks']> {
  const holdSeconds = input.holdSeconds ?? defaultHoldSeconds;
  // Without a fetch to wait for only Bash is asked about: every answer is a message there and back.
  const matcher = input.fetched === undefined ? { matcher: 'Bash' } : {};
  return {
    PreToolUse: [
      { ...matcher, hooks: [toolHook({ ...input, holdSeconds })], timeout: holdSeconds + spareSeconds },
    ],
  };
}

function toolHook(input: ToolHookInput & { holdSeconds: number }): HookCallback {
  const { branch, repositories, fetched, holdSeconds } = input;
  let fetching = fetched !== undefined;
  const ended = Promise.resolve(fetched).then(
    () => (fetching = false),
    () => (fetching = false),
  );
  return async (event, _toolUseId, { signal }) => {
    if (event.hook_event_name !== 'PreToolUse') return {};
    const judge = (): ToolJudgement =>
      judgeToolUse(event.tool_name, event.tool_input, {
        directory: event.cwd,
        branch,
        repositories,
        fetching,
      });
    let judgement = judge();
    if (judgement.kind === 'wait') {
      await settledWithin(ended, holdSeconds, signal);
      judgement = judge();
    }
    return answerTo(judgement, input.hasUncommittedWork);
  };
}

async function answerTo(
  judgement: ToolJudgement,
  hasUncommittedWork: HasUncommittedWork,
): ReturnType<HookCallback> {
  switch (judgement.kind) {
    case 'allow':
      return {};
    case 'deny':
      return denied(judgement.sentence);
    case 'wait':
      return denied(
        'The repository is still being brought up to date, which takes unusually long: go on reading, and try this again.',
      );
    case 'denyIfWork': {
      const { directory, work, sentence } = judgement;
      return (await hasUncommittedWork(directory, work)) ? denied(sentence) : {};
    }
  }
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

/** Resolves when it settled, the time is over, or the agent no longer asks. */
async function settledWithin(ended: Promise<unknown>, seconds: number, signal: AbortSignal): Promise<void> {
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const stop = (): void => resolve();
  const timer = setTimeout(stop, seconds * 1_000);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    await Promise.race([ended, over]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}
