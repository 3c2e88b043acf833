/** The oracle on made-up evidence: a check that cannot fail is none. */
import { expect, test } from 'vitest';
import { checks, judge } from '../../chaos/oracle/checks.ts';
import type { Evidence } from '../../chaos/oracle/evidence.ts';
import type { SessionEvent } from '../../src/client.ts';

const at = '2026-01-01T00:00:00.000Z';
const totals = {
  answer: 'done one',
  costUsd: 0,
  usage: { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 },
  durationMs: 1,
};

/** Numbered in their order. */
function logOf(
  ...bodies: (Pick<SessionEvent, 'type' | 'data'> & { turnId?: string; generation?: number })[]
) {
  return bodies.map(
    (body, index) => ({ seq: index + 1, sessionId: 's', generation: 1, at, ...body }) as SessionEvent,
  );
}

const queued = { type: 'prompt.queued', data: { text: 'mark', position: 0 }, turnId: 'one' } as const;
const started = { type: 'turn.started', data: {}, turnId: 'one' } as const;
const tool = {
  type: 'tool.started',
  data: { toolUseId: 't', name: 'Bash', input: {} },
  turnId: 'one',
} as const;
const completed = { type: 'turn.completed', data: totals, turnId: 'one' } as const;
const closed = { type: 'session.closed', data: { reason: 'terminated' } } as const;
const again = {
  type: 'agent.ready',
  data: { agentSessionId: 'a', model: 'm', version: 'v', tools: 1 },
  turnId: 'one',
} as const;
const lost = { type: 'sandbox.lost', data: { sandboxId: 'sb', cause: 'gone' } } as const;
const restarted = {
  type: 'turn.restarted',
  data: { cause: 'gone', count: 1, checkpointId: null, mayBeLost: 'much' },
  turnId: 'one',
} as const;
const continued = { type: 'turn.continued', data: { cause: 'agent-died', count: 1 }, turnId: 'one' } as const;

function evidence(changes: Partial<Evidence> = {}): Evidence {
  const log = changes.log ?? logOf(started, tool, completed, closed);
  return {
    run: 's',
    consequence: null,
    strikes: [],
    log,
    records: [{ generation: 1, what: 'event.tool.started' }],
    stayed: log,
    reconnected: log,
    prompts: [
      {
        id: 'one',
        text: 'mark',
        mark: 'mark',
        answer: 'done one',
        endings: ['turn.completed'],
        effects: ['e'],
      },
    ],
    execs: [],
    pushes: { wanted: 1, seen: 1 },
    effects: () => 1,
    lastConversation: 'mark … done one',
    end: { status: 'closed', execution: 'COMPLETED', pendingActivities: 0 },
    leftovers: [],
    leaks: [],
    errors: [],
    ...changes,
  };
}

function broken(changes: Partial<Evidence>): string[] {
  return [...new Set(judge(evidence(changes)).map(({ check }) => check))];
}

test('finds nothing in an undisturbed run', () => {
  expect(judge(evidence())).toEqual([]);
});

test.each<[check: string, changes: Partial<Evidence>]>([
  ['scenario played', { errors: ['step "pause" failed'] }],
  [
    'log contiguous and unique',
    { log: logOf(started, tool, completed, closed).map((e) => ({ ...e, seq: 1 })) },
  ],
  ['log holds the journals', { records: [1, 2].map(() => ({ generation: 1, what: 'event.tool.started' })) }],
  ['one terminal event per prompt', { log: logOf(started, tool, completed, completed, closed) }],
  ['one terminal event per prompt', { log: logOf(started, tool, closed) }],
  ['prompts taken once', { log: logOf(queued, queued, started, tool, completed, closed) }],
  ['turns begin before they act', { log: logOf(tool, started, completed, closed) }],
  ['turns begin before they act', { log: logOf(started, tool, started, completed, closed) }],
  ['followers saw the log', { reconnected: logOf(started, tool, completed) }],
  ['followers saw the log', { stayed: logOf(tool, started, completed, closed) }],
  ['effects exactly once', { effects: () => 2 }],
  ['effects exactly once', { effects: () => 0 }],
  ['pushes arrived', { pushes: { wanted: 1, seen: 0 } }],
  ['conversation whole', { lastConversation: 'mark' }],
  ['session ended as asked', { end: { status: 'closed', execution: 'RUNNING', pendingActivities: 1 } }],
  ['session ended as asked', { log: logOf(started, tool, completed) }],
  ['nothing left', { leftovers: ['a sandbox'] }],
  ['no credential anywhere', { leaks: ['a file'] }],
  ['execs at most once', { execs: [{ id: 'x', effects: [] }] }],
])('"%s" fails when it must (%#)', (check, changes) => {
  expect(broken(changes)).toContain(check);
});

test('every check has been seen to fail here', () => {
  const turnHistory = 'continued and restarted as they should';
  expect(Object.keys(checks)).toHaveLength(15);
  expect(broken({ log: logOf(started, tool, continued, completed, closed) })).toContain(turnHistory);
});

test('a lost sandbox restarts its running turn, once', () => {
  const again = [started, tool, { ...completed }, closed].map((body) => ({ ...body, generation: 2 }));
  const restart = (log: SessionEvent[], effects = 2) =>
    broken({ consequence: 'restart', strikes: [2], log, effects: () => effects });
  expect(restart(logOf(started, tool, lost, restarted, ...again))).toEqual([]);
  expect(restart(logOf(started, tool, lost, ...again), 1)).toEqual([
    'continued and restarted as they should',
  ]);
  expect(restart(logOf(started, tool, lost, restarted, restarted, ...again))).toContain(
    'continued and restarted as they should',
  );
  // What it did may have been done twice, and not more.
  expect(restart(logOf(started, tool, lost, restarted, ...again), 3)).toEqual(['effects exactly once']);
});

test('a lost agent continues its running turn, once; one that had said nothing may go on as if nothing were', () => {
  const agent = (log: SessionEvent[], ...strikes: number[]) =>
    broken({ consequence: 'continuation', log, strikes });
  expect(agent(logOf(started, tool, continued, completed, closed), 2)).toEqual([]);
  expect(agent(logOf(started, tool, again, tool, completed, closed), 2)).toContain(
    'continued and restarted as they should',
  );
  // Its result was on the way out already.
  expect(agent(logOf(started, tool, completed, closed), 1)).toEqual([]);
  const twice = logOf(started, tool, continued, continued, completed, closed);
  expect(agent(twice, 2)).toContain('continued and restarted as they should');
  expect(agent(twice, 2, 3)).toEqual([]);
});
