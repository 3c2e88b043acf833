import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk';
import { beforeEach, expect, test } from 'vitest';
import { noUsage, type AgentResult } from '../../../src/agent/results.ts';
import { AgentTurn } from '../../../src/supervisor/agent-session/agent-turn.ts';
import { messageUuid } from '../../../src/supervisor/agent-session/message-uuid.ts';

const prompt = messageUuid('prompt', 0);
const [first, second] = [messageUuid('first', 0), messageUuid('second', 0)];
const completed: AgentResult = {
  outcome: { status: 'completed' },
  answer: '',
  cumulativeCostUsd: 0,
  cumulativeUsage: noUsage,
  cumulativeModels: new Map(),
  isAborted: false,
  limit: null,
  steps: 1,
  usage: noUsage,
  durationMs: 1,
};

let turn: AgentTurn;
let sent: string[];

beforeEach(() => {
  const input = {
    turnId: 't',
    continuation: 0,
    carriedOver: null,
    messageFor: async () => Promise.resolve(''),
  };
  turn = new AgentTurn({ ...input, options: { maxTurns: 3 } }, prompt);
  sent = [];
});

const tell = (): void => turn.tell('Hello.', ({ uuid }) => void sent.push(uuid));
const begin = (uuid: string): void =>
  turn.hear({ type: 'command_lifecycle', state: 'started', command_uuid: uuid } as unknown as SDKMessage);
const answer = (uuids: string[], result: Partial<AgentResult> = {}): string | null =>
  turn.hearResult({ type: 'result', user_message_uuids: uuids } as unknown as SDKMessage, {
    ...completed,
    ...result,
  });

test('each message is sent when the agent has begun with the one before, and all are waited for', async () => {
  turn.steer({ text: 'First.', uuid: first });
  turn.steer({ text: 'Second.', uuid: second });
  expect(sent).toEqual([]);
  tell();
  expect(sent).toEqual([prompt]);
  begin(messageUuid('of another', 0));
  expect(sent).toEqual([prompt]);
  begin(prompt);
  begin(first);
  expect(sent).toEqual([prompt, first, second]);
  answer([prompt], { isAborted: true });
  answer([messageUuid('of another', 0)]);
  answer([first, second], { answer: 'Last.' });
  expect(await turn.over).toMatchObject({ isWhole: true, result: { answer: 'Last.' } });
  expect(turn.takesSteers).toBe(false);
});

test('a turn that was to stop is not whole while something was not told, or was thrown away', async () => {
  tell();
  turn.steer({ text: 'First.', uuid: first });
  expect(turn.askToStop({ kind: 'suspend' })).toBe(true);
  expect(turn.takesSteers).toBe(false);
  answer([prompt]);
  expect(await turn.over).toMatchObject({ isWhole: false });
  expect(turn.askToStop({ kind: 'requested' })).toBe(false);
  expect(turn.stop).toEqual({ kind: 'suspend' });
});

test('it is stopped once, for the strongest reason', () => {
  tell();
  expect(turn.askToStop({ kind: 'limit', message: 'Too long.' })).toBe(true);
  expect(turn.askToStop({ kind: 'requested' })).toBe(false);
  expect(turn.askToStop({ kind: 'limit', message: 'Too dear.' })).toBe(false);
  expect(turn.stop).toEqual({ kind: 'requested' });
});

test('it is over without a result when the agent threw everything away', async () => {
  tell();
  turn.askToStop({ kind: 'requested' });
  turn.drop([messageUuid('of another', 0)]);
  expect(turn.isOver).toBe(false);
  turn.drop([prompt]);
  expect(await turn.over).toEqual({ result: null, isWhole: false });
});

test('it is over at once when it was to stop before it was told', async () => {
  turn.askToStop({ kind: 'requested' });
  tell();
  expect(sent).toEqual([]);
  expect(await turn.over).toEqual({ result: null, isWhole: false });
});

test('the steps of all its messages count together, once there is more to answer', () => {
  tell();
  begin(prompt);
  turn.steer({ text: 'First.', uuid: first });
  begin(first);
  turn.steer({ text: 'Second.', uuid: second });
  expect(answer([prompt], { steps: 2 })).toBeNull();
  expect(answer([first])).toContain('limit of 3 steps');
});

test('a result that names no message answers what is open, unless more waits in the agent', () => {
  tell();
  const unnamed = (queued: number): SDKMessage =>
    ({ type: 'result', queued_turn_count: queued }) as unknown as SDKMessage;
  turn.hearResult(unnamed(1), completed);
  expect(turn.isOver).toBe(false);
  turn.hearResult(unnamed(0), completed);
  expect(turn.isOver).toBe(true);
});
