import type { HookInput, HookJSONOutput } from '@anthropic-ai/claude-agent-sdk';
import { describe, expect, test } from 'vitest';
import { toolHooks, type ToolHookInput } from '../../src/agent/tool-hook.ts';

const input: ToolHookInput = {
  branch: 'harvest/s1',
  repositories: ['/workspace/api'],
  hasUncommittedWork: async () => Promise.resolve(false),
};

type Asked = { tool?: string; command?: string; signal?: AbortSignal };

async function ask(more: Partial<ToolHookInput>, asked: Asked): Promise<HookJSONOutput> {
  return asking(more)(asked);
}

/** One hook, asked any number of times. */
function asking(more: Partial<ToolHookInput>): (asked: Asked) => Promise<HookJSONOutput> {
  const hook = toolHooks({ ...input, ...more }).PreToolUse?.[0]?.hooks[0];
  if (hook === undefined) throw new Error('there is a hook');
  return async ({ tool = 'Bash', command = '', signal = new AbortController().signal }) => {
    const event: HookInput = {
      hook_event_name: 'PreToolUse',
      session_id: 's',
      transcript_path: '/t',
      cwd: '/workspace/api',
      tool_name: tool,
      tool_input: { command },
      tool_use_id: 'u',
    };
    return hook(event, 'u', { signal });
  };
}

const denied = (sentence: string): object => ({
  hookSpecificOutput: {
    hookEventName: 'PreToolUse',
    permissionDecision: 'deny',
    permissionDecisionReason: expect.stringContaining(sentence),
  },
});

describe('the hook before a tool', () => {
  test('says nothing of what is allowed, and denies in words', async () => {
    expect(await ask({}, { command: 'git status' })).toEqual({});
    expect(await ask({}, { command: 'git pull' })).toEqual(denied('git fetch origin'));
  });

  test('denies what throws work away only where there is some', async () => {
    const asked: string[] = [];
    const hasUncommittedWork: ToolHookInput['hasUncommittedWork'] = async (directory, work) => {
      asked.push(`${directory} ${work}`);
      return Promise.resolve(asked.length === 1);
    };
    const hook = asking({ hasUncommittedWork });
    expect(await hook({ command: 'git -C src reset --hard' })).toEqual(denied('Take a snapshot first'));
    expect(await hook({ command: 'git clean -fd' })).toEqual({});
    expect(await hook({ command: 'git status' })).toEqual({});
    expect(asked).toEqual(['/workspace/api/src changes', '/workspace/api untracked']);
  });

  test('asks about Bash alone when there is no fetch to wait for, and about every tool when there is', () => {
    expect(toolHooks(input).PreToolUse).toMatchObject([{ matcher: 'Bash' }]);
    const [matcher] = toolHooks({ ...input, fetched: Promise.resolve(), holdSeconds: 7 }).PreToolUse ?? [];
    expect(matcher).not.toHaveProperty('matcher');
    // The agent must not give up before the hook answers.
    expect(matcher?.timeout).toBeGreaterThan(7);
  });
});

describe('while the repository is being fetched', () => {
  test('reading goes on, everything else is held until the fetch ended, and then judged', async () => {
    const fetch = Promise.withResolvers<void>();
    const hook = asking({ fetched: fetch.promise });
    const held = [hook({ command: 'ls' }), hook({ command: 'git pull' }), hook({ tool: 'Edit' })];
    const first = await Promise.race([...held, hook({ tool: 'Read' }).then(() => 'read')]);
    expect(first).toBe('read');
    fetch.resolve();
    expect(await Promise.all(held)).toEqual([{}, denied('git fetch origin'), {}]);
    expect(await hook({ command: 'ls' })).toEqual({});
  });

  test('a fetch that failed holds nothing', async () => {
    const fetched = Promise.reject(new Error('no network'));
    expect(await ask({ fetched }, { command: 'ls' })).toEqual({});
  });

  test('a fetch that does not end is said, and no tool runs meanwhile', async () => {
    const { promise: fetched } = Promise.withResolvers<void>();
    expect(await ask({ fetched, holdSeconds: 0.02 }, { command: 'ls' })).toEqual(denied('go on reading'));
  });

  test('an agent that is interrupted waits no longer', async () => {
    const { promise: fetched } = Promise.withResolvers<void>();
    const gone = new AbortController();
    const hook = asking({ fetched });
    const held = hook({ command: 'ls', signal: gone.signal });
    gone.abort();
    expect(await held).toEqual(denied('go on reading'));
    expect(await hook({ command: 'ls', signal: gone.signal })).toEqual(denied('go on reading'));
  });
});
