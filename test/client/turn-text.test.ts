import { expect, test } from 'vitest';
import { TurnFailed } from '../../src/client.ts';
import { textOf } from '../../src/client/turn-text.ts';
import type { EventBody, SessionEvent } from '../../src/contracts/index.ts';

function eventsOf(bodies: EventBody[]): AsyncIterable<SessionEvent> {
  const envelope = { sessionId: 's', generation: 1, at: '2026-01-01T00:00:00.000Z', turnId: 't' };
  return (async function* () {
    for (const [index, body] of bodies.entries()) yield { ...envelope, seq: index + 1, ...body };
  })();
}

const delta = (messageId: string, block: number, text: string): EventBody => ({
  type: 'agent.text.delta',
  data: { messageId, block, text },
});
const whole = (messageId: string, text: string): EventBody => ({
  type: 'agent.text',
  data: { messageId, text },
});

async function textsOf(bodies: EventBody[]): Promise<string[]> {
  return Array.fromAsync(textOf(eventsOf(bodies)));
}

test('a block comes once, piece by piece, and its whole is not repeated', async () => {
  const texts = await textsOf([delta('m', 0, 'Hel'), delta('m', 0, 'lo'), whole('m', 'Hello')]);
  expect(texts).toEqual(['Hel', 'lo']);
});

test('a block that came without pieces is given whole', async () => {
  expect(await textsOf([whole('m', 'Hello')])).toEqual(['Hello']);
});

test('blocks of one message and of several are parted by an empty line', async () => {
  const texts = await textsOf([
    delta('m', 0, 'one'),
    whole('m', 'one'),
    delta('m', 1, 'two'),
    whole('m', 'two'),
    whole('n', 'three'),
    delta('o', 0, 'four'),
    whole('o', 'four'),
  ]);
  expect(texts.join('')).toBe('one\n\ntwo\n\nthree\n\nfour');
});

test('the wholes of two blocks may come after the pieces of both', async () => {
  const texts = await textsOf([
    delta('m', 0, 'one'),
    delta('m', 1, 'two'),
    whole('m', 'one'),
    whole('m', 'two'),
  ]);
  expect(texts.join('')).toBe('one\n\ntwo');
});

test('thinking and tools are no text', async () => {
  const texts = await textsOf([
    { type: 'agent.thinking.delta', data: { messageId: 'm', block: 0, text: 'hm' } },
    { type: 'tool.finished', data: { toolUseId: 'x', isError: false, output: 'out' } },
  ]);
  expect(texts).toEqual([]);
});

test('a failed turn ends the text with its failure', async () => {
  const usage = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };
  const failure = { kind: 'model', message: 'overloaded' } as const;
  const failed: EventBody = {
    type: 'turn.failed',
    data: { failure, answer: '', costUsd: 0, usage, durationMs: 1 },
  };
  await expect(textsOf([delta('m', 0, 'so far'), failed])).rejects.toThrow(TurnFailed);
  await expect(textsOf([failed])).rejects.toThrow('The turn failed: overloaded');
});
