import { describe, expect, test } from 'vitest';
import { noUsage, type AgentResult } from '../../../src/agent/results.ts';
import { fits } from '../../../src/supervisor/agent-session/agent-limits.ts';
import { priced, usageSince } from '../../../src/supervisor/agent-session/earlier-runs.ts';
import { endOfTurn, strongerReason, type EndInput } from '../../../src/supervisor/agent-session/run-end.ts';

const result: AgentResult = {
  outcome: { status: 'completed' },
  answer: 'Done.',
  cumulativeCostUsd: 3,
  cumulativeUsage: noUsage,
  cumulativeModels: new Map(),
  isAborted: false,
  limit: null,
  steps: 1,
  usage: noUsage,
  durationMs: 1,
};
const input: EndInput = {
  result,
  isWhole: true,
  stop: null,
  options: { maxTurns: 4, budgetUsd: 2 },
  earlier: { cumulativeCostUsd: 1, cumulativeUsage: noUsage },
  unbilled: { costUsd: 0.5, usage: noUsage },
  durationMs: 10.4,
};
const limit = { kind: 'limit', message: 'Too long.' } as const;

describe('the end of a run', () => {
  test('counts what the run cost and what earlier runs of the turn used', () => {
    expect(endOfTurn(input)).toEqual({
      kind: 'ended',
      outcome: { status: 'completed' },
      answer: 'Done.',
      totals: { costUsd: 2.5, usage: noUsage, durationMs: 10 },
    });
  });

  test('is what was asked for, unless the turn came to its own end in the same moment', () => {
    const suspend = { kind: 'suspend' } as const;
    const aborted = { ...input, isWhole: false, result: { ...result, isAborted: true } };
    expect(endOfTurn({ ...aborted, stop: suspend }).kind).toBe('suspended');
    expect(endOfTurn({ ...input, stop: suspend })).toMatchObject({ outcome: { status: 'completed' } });
    expect(endOfTurn({ ...aborted, stop: limit })).toMatchObject({ outcome: { failure: limit } });
    expect(endOfTurn({ ...input, stop: limit })).toMatchObject({ outcome: { status: 'completed' } });
    expect(endOfTurn({ ...input, stop: { kind: 'requested' } })).toMatchObject({
      outcome: { status: 'interrupted' },
    });
  });

  test('is a loss when something else broke the agent off', () => {
    expect(endOfTurn({ ...input, isWhole: false, result: { ...result, isAborted: true } }).kind).toBe('lost');
  });

  test('is an interrupt when somebody asked for one after a limit, whatever the agent says', () => {
    const stop = strongerReason(limit, { kind: 'requested' });
    for (const said of [null, { ...result, isAborted: true }, { ...result, limit: 'maxTurns' as const }]) {
      const end = endOfTurn({ ...input, isWhole: false, result: said, stop });
      expect(end).toMatchObject({ kind: 'ended', outcome: { status: 'interrupted' } });
    }
  });

  test('names the limit that was reached, also when the turn was to be suspended', () => {
    const limited = { ...input, isWhole: false, result: { ...result, limit: 'maxTurns' as const } };
    for (const stop of [null, { kind: 'suspend' } as const]) {
      expect(JSON.stringify(endOfTurn({ ...limited, stop }))).toContain('limit of 4 steps');
    }
    const spent = { ...limited, result: { ...result, limit: 'budgetUsd' as const } };
    expect(JSON.stringify(endOfTurn(spent))).toContain('budget of $2');
  });
});

test('an interrupt that somebody asked for counts more than a limit, and a limit more than going on elsewhere', () => {
  const ranked = [{ kind: 'suspend' } as const, limit, { kind: 'requested' } as const];
  for (const [index, stronger] of ranked.entries()) {
    expect(strongerReason(null, stronger)).toBe(stronger);
    for (const weaker of ranked.slice(0, index)) {
      expect(strongerReason(weaker, stronger)).toBe(stronger);
      expect(strongerReason(stronger, weaker)).toBe(stronger);
    }
  }
  expect(strongerReason(limit, { ...limit, message: 'Too dear.' })).toBe(limit);
});

test('a process fits a turn whose limits are just what is left of its own', () => {
  const process = { limits: { budgetUsd: 5 }, spentUsd: 2 };
  expect(fits(process, { budgetUsd: 3 })).toBe(true);
  for (const other of [{}, { budgetUsd: 5 }, { budgetUsd: 1 }, { budgetUsd: 3, maxTurns: 1 }]) {
    expect(fits(process, other)).toBe(false);
  }
  expect(fits({ limits: {}, spentUsd: 9 }, {})).toBe(true);
  expect(fits({ limits: {}, spentUsd: 0 }, { budgetUsd: 3 })).toBe(false);
});

describe('what a killed run used', () => {
  const answer = (id: string, model: string, output: number) => ({
    type: 'assistant',
    uuid: `${id}-${output}`,
    message: { id, model, usage: { input_tokens: 100, output_tokens: output, cache_read_input_tokens: 10 } },
  });
  const entries = [
    answer('before', 'one', 9),
    { type: 'user', uuid: 'prompt' },
    answer('first', 'one', 1),
    answer('first', 'one', 20),
    answer('second', 'two', 40),
    { type: 'assistant', message: 'of another form' },
  ];

  test('is read from the transcript behind its message, each answer once', () => {
    const used = usageSince(entries, new Set(['prompt']));
    const cached = { cacheReadTokens: 10, cacheWriteTokens: 0 };
    expect(Object.fromEntries(used)).toEqual({
      one: { inputTokens: 100, outputTokens: 20, ...cached },
      two: { inputTokens: 100, outputTokens: 40, ...cached },
    });
    expect(usageSince(entries, new Set(['unheard'])).size).toBe(0);
  });

  test('costs what the model was billed otherwise, and an unbilled model the price of the others', () => {
    const used = usageSince(entries, new Set(['prompt']));
    const units = { inputTokens: 100, outputTokens: 20, cacheReadTokens: 10, cacheWriteTokens: 0 };
    const billed = new Map([['one', { usage: units, costUsd: 2.01 }]]);
    expect(priced(used, billed).costUsd).toBeCloseTo(2.01 + 3.01, 10);
    expect(priced(used, new Map())).toMatchObject({ costUsd: 0, usage: { outputTokens: 60 } });
  });
});
