import type { SDKResultMessage } from '@anthropic-ai/claude-agent-sdk';
import { describe, expect, test } from 'vitest';
import { totalsBetween, agentResultOf } from '../../src/agent/results.ts';
import { recorded } from './recorded.ts';

function resultsIn(name: string): SDKResultMessage[] {
  return recorded(name).filter((message) => message.type === 'result');
}

function failed(status: number | null, text: string): SDKResultMessage {
  const [refused] = resultsIn('refused-credential');
  return { ...refused, api_error_status: status, result: text } as SDKResultMessage;
}

describe('the outcome', () => {
  test.each([
    [403, 'Forbidden', 'model', "the model's API refused the credential (403): Forbidden"],
    [429, 'Slow down', 'model', "the model's API refused for its rate limit or quota (429): Slow down"],
    [529, 'Overloaded', 'model', "the model's API was overloaded (529): Overloaded"],
    [500, 'Oops\nand much more', 'model', "the model's API failed (500): Oops"],
    [400, 'Too long', 'model', "the model's API refused the request (400): Too long"],
    [null, 'API Error: 502 Bad gateway', 'model', "the model's API failed (502): API Error: 502 Bad gateway"],
    [
      null,
      'API Error: Connection error.',
      'model',
      "the model's API gave no usable answer: API Error: Connection error.",
    ],
    [null, 'Something else', 'agent', 'Something else'],
    [null, '', 'agent', 'the agent stopped with an error'],
  ])('an error with status %s and text %j', (...[status, text, kind, message]) => {
    expect(agentResultOf(failed(status, text)).outcome).toEqual({
      status: 'failed',
      failure: { kind, message },
    });
  });
});

describe('costs', () => {
  test('are cumulative in the stream and told for each turn alone', () => {
    const [first, second] = resultsIn('two-turns').map((message) => agentResultOf(message));
    if (first === undefined || second === undefined) throw new Error('the recording has two results');
    expect(second.cumulativeCostUsd).toBeGreaterThan(first.cumulativeCostUsd);
    const totals = totalsBetween(first, second);
    expect(totals.costUsd).toBeCloseTo(second.cumulativeCostUsd - first.cumulativeCostUsd);
    expect(totals.usage).toEqual(second.usage);
    expect(totalsBetween(null, first).costUsd).toBe(first.cumulativeCostUsd);
  });

  test('of a subagent count too', () => {
    const [result] = resultsIn('subagent').map((message) => agentResultOf(message));
    if (result === undefined) throw new Error('the recording has a result');
    expect(totalsBetween(null, result).usage.outputTokens).toBeGreaterThan(result.usage.outputTokens);
  });

  test('are never negative when the agent counts anew', () => {
    const [first, second] = resultsIn('two-turns').map((message) => agentResultOf(message));
    if (first === undefined || second === undefined) throw new Error('the recording has two results');
    expect(totalsBetween(second, first)).toMatchObject({ costUsd: 0, usage: { inputTokens: 0 } });
  });
});
