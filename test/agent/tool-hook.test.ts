import type { HookInput, HookJSONOutput } from '@anthropic-ai/claude-agent-sdk';
import { describe, expect, test } from 'vitest';
import { toolHooks, type ToolHookInput } from '../../src/agent/tool-hook.ts';

const input: ToolHookInput = {
  repositories: ['/workspace/api'],
  hasUncommittedWork: async () => Promise.resolve(false),
};

/** One hook, asked any number of times. */
function asking(more: Partial<ToolHookInput> = {}): (command: string) => Promise<HookJSONOutput> {
  const hook = toolHooks({ ...input, ...more }).PreToolUse?.[0]?.hooks[0];
  if (hook === undefined) throw new Error('there is a hook');
  return async (command) => {
    const event: HookInput = {
      hook_event_name: 'PreToolUse',
      session_id: 's',
      transcript_path: '/t',
      cwd: '/workspace/api',
      tool_name: 'Bash',
      tool_input: { command },
      tool_use_id: 'u',
    };
    return hook(event, 'u', { signal: new AbortController().signal });
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
    const hook = asking();
    expect(await hook('git status')).toEqual({});
    expect(await hook('git pull')).toEqual(denied('git fetch origin'));
  });

  test('denies what throws work away only where there is some', async () => {
    const asked: string[] = [];
    const hasUncommittedWork: ToolHookInput['hasUncommittedWork'] = async (directory, work) => {
      asked.push(`${directory} ${work}`);
      return Promise.resolve(asked.length === 1);
    };
    const hook = asking({ hasUncommittedWork });
    expect(await hook('git -C src reset --hard')).toEqual(denied('Take a snapshot first'));
    expect(await hook('git clean -fd')).toEqual({});
    expect(await hook('git status')).toEqual({});
    expect(asked).toEqual(['/workspace/api/src changes', '/workspace/api untracked']);
  });

  test('looks for all that a line would throw away, and names what there is', async () => {
    const hook = asking({
      hasUncommittedWork: async (directory, work) =>
        Promise.resolve(directory === '/workspace/api/src' && work === 'untracked'),
    });
    expect(await hook('git reset --hard && git clean -fd && cd src && git clean -fd')).toEqual(
      denied('`git clean` would delete'),
    );
    expect(await hook('git reset --hard && git clean -fd && cd src && git reset --hard')).toEqual({});
  });

  test('asks about Bash alone, and in time', () => {
    const [matcher] = toolHooks(input).PreToolUse ?? [];
    expect(matcher).toMatchObject({ matcher: 'Bash' });
    // The look at the files may take 20 seconds: the agent must not give up before the hook answers.
    expect(matcher?.timeout).toBeGreaterThan(20);
  });
});
