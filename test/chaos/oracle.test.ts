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

type Body = Pick<SessionEvent, 'type' | 'data'> & { turnId?: string; generation?: number };

/** Numbered in their order. */
function logOf(...bodies: Body[]) {
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

const failedSnapshot = { type: 'snapshot.failed', data: { message: 'gone' } } as const;
const lostExec = (execId: string) =>
  ({
    type: 'exec.finished',
    data: { execId, outcome: { status: 'lost', message: 'gone' }, durationMs: 1 },
  }) as const;
const turnHistory = 'continued and restarted as they should';

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
  expect(Object.keys(checks)).toHaveLength(15);
  expect(broken({ log: logOf(started, tool, continued, completed, closed) })).toContain(turnHistory);
});

test('a lost sandbox restarts its running turn, once', () => {
  const again = [started, tool, { ...completed }, closed].map((body) => ({ ...body, generation: 2 }));
  const restart = (log: SessionEvent[], effects = 2) =>
    broken({ consequence: 'restart', strikes: [2], log, effects: () => effects });
  expect(restart(logOf(started, tool, lost, restarted, ...again))).toEqual([]);
  expect(restart(logOf(started, tool, lost, ...again), 1)).toEqual([turnHistory]);
  expect(restart(logOf(started, tool, lost, restarted, restarted, ...again))).toContain(turnHistory);
  // What it did may have been done twice, and not more.
  expect(restart(logOf(started, tool, lost, restarted, ...again), 3)).toEqual(['effects exactly once']);
});

test('a lost agent continues its running turn, once; one that had said nothing may go on as if nothing were', () => {
  const agent = (log: SessionEvent[], ...strikes: number[]) =>
    broken({ consequence: 'continuation', log, strikes });
  expect(agent(logOf(started, tool, continued, completed, closed), 2)).toEqual([]);
  expect(agent(logOf(started, tool, again, tool, completed, closed), 2)).toContain(turnHistory);
  // Its result was on the way out already.
  expect(agent(logOf(started, tool, completed, closed), 1)).toEqual([]);
  const twice = logOf(started, tool, continued, continued, completed, closed);
  expect(agent(twice, 2)).toContain(turnHistory);
  expect(agent(twice, 2, 3)).toEqual([]);
  // Both of the first blow's: none is left for the second.
  expect(agent(twice, 2, 4)).toContain(turnHistory);
  // Before anything had struck.
  expect(agent(twice, 3, 4)).toContain(turnHistory);
});

/** A turn in generation 1 and one in generation 2; the sandbox is struck in each. */
function twoBlows({ first, second }: { first: Body[]; second: Body[] }): Partial<Evidence> {
  const two = (body: Body): Body => ({ ...body, turnId: 'two', generation: 2 });
  const beginning = [started, tool];
  const end = (generation: number): Body[] => [started, completed].map((body) => ({ ...body, generation }));
  const before = [...beginning, ...first, ...end(2)];
  const log = logOf(
    ...before,
    ...beginning.map(two),
    ...second.map(two),
    ...end(3).map((body) => ({ ...body, turnId: 'two' })),
    closed,
  );
  const strikes = [beginning.length, before.length + beginning.length];
  return { consequence: 'restart', strikes, log, effects: () => 2 };
}

test('what one blow did too much does not make up for what another did not', () => {
  const once = [lost, restarted];
  expect(broken(twoBlows({ first: once, second: once }))).toEqual([]);
  const sentencesOf = (changes: Partial<Evidence>) =>
    judge(evidence(changes))
      .filter(({ check }) => check === turnHistory)
      .map(({ sentence }) => sentence);
  // The totals are as before: two blows, two restarts, and every lost sandbox has its restart.
  expect(sentencesOf(twoBlows({ first: [], second: [lost, restarted, lost, restarted] }))).toEqual([
    '2 events turn.restarted of the blow after event 6, not at most 1',
    '2 events sandbox.lost of the blow after event 6, not at most 1',
    'turn one ran when its sandbox was struck and was not restarted',
  ]);
  // Nobody said that the sandbox was lost.
  expect(sentencesOf(twoBlows({ first: [], second: once }))).toEqual([
    'turn one ran when its sandbox was struck and was not restarted',
  ]);
});

test('a snapshot fails only with its sandbox, once for a blow', () => {
  const first = [lost, restarted];
  expect(broken(twoBlows({ first: [failedSnapshot, ...first], second: first }))).toEqual([]);
  expect(broken(twoBlows({ first: [failedSnapshot, failedSnapshot, ...first], second: first }))).toEqual([
    turnHistory,
  ]);
  const agent = (...bodies: Body[]) =>
    broken({ consequence: 'continuation', strikes: [2], log: logOf(started, tool, ...bodies) });
  expect(agent(continued, completed, closed)).toEqual([]);
  expect(agent(continued, failedSnapshot, completed, closed)).toEqual([turnHistory]);
});

test('a command is lost only with a blow to its sandbox, one for each', () => {
  const execs = [{ id: 'x', effects: [] }];
  const exec = (log: SessionEvent[], strikes: number[], consequence: Evidence['consequence'] = 'restart') =>
    broken({ execs, consequence, strikes, log, effects: () => 1 });
  const log = logOf(started, tool, completed, lostExec('x'), closed);
  expect(exec(log, [3])).toEqual([]);
  expect(exec(log, [3], 'nothing')).toEqual(['execs at most once']);
  expect(exec(log, [4])).toEqual(['execs at most once']);
  const two = logOf(started, tool, completed, lostExec('y'), lostExec('x'), closed);
  expect(exec(two, [3])).toEqual(['execs at most once']);
  expect(exec(two, [3, 4])).toEqual([]);
});
