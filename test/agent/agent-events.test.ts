import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk';
import { describe, expect, test } from 'vitest';
import { createAgentEventMapper } from '../../src/agent/agent-events.ts';
import { recorded, stepsOf, told } from './recorded.ts';

const version = '2.1.330';
const completed = '{"status":"completed"}';

describe('recorded streams of the real agent', () => {
  test('text comes in pieces and then whole', () => {
    expect(told(recorded('text'))).toEqual([
      `agent.ready ${version}`,
      'agent.text.delta #1.0 Hello from the model.',
      'agent.text #1 Hello from the model.',
      'agent.message rate_limit_event',
      `result ${completed} "Hello from the model."`,
    ]);
  });

  test('a tool call starts with its whole input and finishes with its output', () => {
    expect(told(recorded('tool'))).toEqual([
      `agent.ready ${version}`,
      'agent.text.delta #1.0 I look.',
      'agent.text #1 I look.',
      'tool.started #2 Bash {"command":"echo out; echo err >&2; exit 3","description":"Run a command"}',
      'agent.message rate_limit_event',
      'tool.finished #2 error Exit code 3\nout\nerr',
      'tool.started #3 Bash {"command":"printf fine","description":"Run a command"}',
      'tool.finished #3 ok fine',
      'agent.text.delta #4.0 Done.',
      'agent.text #4 Done.',
      `result ${completed} "Done."`,
    ]);
  });

  test('thinking comes in pieces and is not told twice', () => {
    expect(told(recorded('thinking'))).toEqual([
      `agent.ready ${version}`,
      'agent.thinking.delta #1.0 First this, then that.',
      'agent.text.delta #1.1 Thought.',
      'agent.text #1 Thought.',
      'agent.message rate_limit_event',
      `result ${completed} "Thought."`,
    ]);
  });

  test('an overloaded API is retried and told', () => {
    expect(told(recorded('retry')).slice(1, 4)).toEqual([
      "agent.retrying 1 the model's API answered 529; retry 1 of 10 follows",
      "agent.retrying 2 the model's API answered 529; retry 2 of 10 follows",
      'agent.text.delta #1.0 Answered at last.',
    ]);
  });

  test('an answer that is cut in the middle is asked for again', () => {
    const lines = told(recorded('cut'));
    expect(lines.slice(1, 4)).toEqual([
      'agent.text.delta #1.0 Begun and then cut.',
      "agent.retrying 1 the model's API did not answer or broke off; retry 1 of 1 follows",
      'agent.text.delta #2.0 Begun and then cut.',
    ]);
    expect(lines.at(-1)).toContain('"kind":"model"');
  });

  test('an API that is not there is a failure of the model', () => {
    expect(told(recorded('unreachable')).at(-1)).toMatch(
      /"kind":"model","message":"the model's API failed \(502\)/,
    );
  });

  test('an interrupted turn looks like a failure, and the next one goes on in the same process', () => {
    const lines = told(recorded('interrupt'));
    const end = lines.findIndex((line) => line.startsWith('result'));
    expect(lines.slice(end - 2)).toEqual([
      expect.stringMatching(/^tool\.finished #2 error The user doesn't want to proceed/),
      'agent.message user',
      expect.stringMatching(/^result \{"status":"failed","failure":\{"kind":"agent",/),
      'agent.text.delta #3.0 Still here.',
      'agent.text #3 Still here.',
      `result ${completed} "Still here."`,
    ]);
  });

  test('a refused credential is a failure of the model, though the agent calls it a success', () => {
    const lines = told(recorded('refused-credential'));
    expect(recorded('refused-credential').at(-1)).toMatchObject({ subtype: 'success', is_error: true });
    expect(lines.slice(-2)).toEqual([
      'agent.message assistant',
      'result {"status":"failed","failure":{"kind":"model","message":"the model\'s API refused the credential (401): ' +
        'Failed to authenticate. API Error: 401 Invalid bearer token"}} ""',
    ]);
  });

  test('too many steps are a limit', () => {
    expect(told(recorded('max-turns')).at(-1)).toBe(
      'result {"status":"failed","failure":{"kind":"limit","message":"the agent reached the limit of steps in one turn"}} ""',
    );
  });

  test('a subagent’s tool calls name the call that started it, and its words are not the agent’s', () => {
    const lines = told(recorded('subagent'));
    const own = lines.filter((line) => line.startsWith('tool.') || line.startsWith('agent.text '));
    expect(own).toEqual([
      expect.stringMatching(/^tool\.started #1 Agent \{"description":"Look around"/),
      'tool.started #2 in #1 Bash {"command":"echo inside","description":"Run a command"}',
      'tool.finished #2 ok inside',
      expect.stringMatching(/^tool\.finished #1 ok [^]*The subagent is done\./),
      'agent.text #3 All is done.',
    ]);
    expect(lines).toContain('agent.message system/task_started');
  });

  test('the agent says who it is once, not at every turn', () => {
    const messages = recorded('two-turns');
    expect(
      messages.filter((message) => message.type === 'system' && message.subtype === 'init'),
    ).toHaveLength(2);
    expect(told(messages).filter((line) => line.startsWith('agent.ready'))).toHaveLength(1);
  });
});

describe('messages that are not known', () => {
  test('pass through as they are, with their type and subtype', () => {
    const unknown = { type: 'system', subtype: 'from_the_future', text: 'x' };
    expect(stepsOf([unknown as unknown as SDKMessage])).toEqual([
      {
        kind: 'event',
        body: { type: 'agent.message', data: { kind: 'system/from_the_future', message: unknown } },
      },
    ]);
    const other = { type: 'quite_new' };
    expect(stepsOf([other as unknown as SDKMessage])).toEqual([
      { kind: 'event', body: { type: 'agent.message', data: { kind: 'quite_new', message: other } } },
    ]);
  });

  test('a block that is not known passes with its message, beside those that are', () => {
    const [, message] = recorded('text').filter(({ type }) => type === 'assistant' || type === 'system');
    const assistant = recorded('text').find(({ type }) => type === 'assistant');
    if (assistant?.type !== 'assistant') throw new Error(`no assistant message but ${message?.type}`);
    const content = [...assistant.message.content, { type: 'hologram' }];
    const changed = { ...assistant, message: { ...assistant.message, content } } as unknown as SDKMessage;
    expect(told([changed])).toEqual(['agent.text #1 Hello from the model.', 'agent.message assistant']);
  });

  test('a new event inside a stream does no harm', () => {
    const event = { type: 'content_block_delta', index: 0, delta: { type: 'new_delta' } };
    const message = { type: 'stream_event', event, parent_tool_use_id: null } as unknown as SDKMessage;
    expect(createAgentEventMapper().map(message)).toEqual([]);
  });

  test('thinking that came without pieces is told whole', () => {
    const whole = recorded('thinking').filter((message) => message.type !== 'stream_event');
    expect(told(whole)).toContain('agent.thinking.delta #1.0 First this, then that.');
  });
});
