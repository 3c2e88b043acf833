import { describe, expect, test } from 'vitest';
import { eventOf } from '../../src/activities/journal-events.ts';
import type { JournalRecord } from '../../src/contracts/supervisor.ts';
import { at, totals, turnEnded, turnSuspended } from './support/turn-records.ts';

describe('an event of the agent', () => {
  const event = { type: 'agent.text', data: { messageId: 'm', text: 'hello' } } as const;

  test('is the event of its turn', () => {
    expect(eventOf({ kind: 'event', at, turnId: 't', event })).toEqual({ body: event, turnId: 't' });
  });

  test('has no turn when it came outside of one', () => {
    expect(eventOf({ kind: 'event', at, event })).toEqual({ body: event });
  });
});

describe('a turn', () => {
  const started = (continuation: number): JournalRecord => ({
    kind: 'turn.started',
    at,
    turnId: 't',
    continuation,
  });

  test('starts once in the event log, however often it is continued (I2)', () => {
    expect(eventOf(started(0))).toEqual({ body: { type: 'turn.started', data: {} }, turnId: 't' });
    expect(eventOf(started(1))).toBeNull();
  });

  test('that is suspended says nothing: the workflow announces how it goes on', () => {
    expect(eventOf(turnSuspended)).toBeNull();
  });

  test('that takes a steering prompt ends that prompt, under the one id of its end', () => {
    expect(eventOf({ kind: 'turn.steered', at, turnId: 't', promptId: 'p' })).toEqual({
      body: { type: 'turn.steered', data: { promptId: 'p' } },
      turnId: 't',
      eventId: 'turn-end:p',
    });
  });

  test.each([
    { outcome: { status: 'completed' }, type: 'turn.completed' },
    { outcome: { status: 'interrupted' }, type: 'turn.interrupted' },
  ] as const)(
    'ends as $type with its answer and totals, under the one id of its end',
    ({ outcome, type }) => {
      expect(eventOf(turnEnded(outcome))).toEqual({
        body: { type, data: { ...totals, answer: 'done' } },
        turnId: 't',
        eventId: 'turn-end:t',
      });
    },
  );

  test('that failed says why, beside what it had answered and cost', () => {
    const failure = { kind: 'model', message: 'overloaded' } as const;
    expect(eventOf(turnEnded({ status: 'failed', failure }))).toEqual({
      body: { type: 'turn.failed', data: { ...totals, answer: 'done', failure } },
      turnId: 't',
      eventId: 'turn-end:t',
    });
  });
});

test('an exec ends under the one id of its end, without its output, which has events of its own', () => {
  const outcome = { status: 'exited', exitCode: 3 } as const;
  const written = { output: 'the end', stdout: 'the ', stderr: 'end' };
  expect(eventOf({ kind: 'exec.ended', at, execId: 'e', outcome, durationMs: 5, ...written })).toEqual({
    body: { type: 'exec.finished', data: { execId: 'e', outcome, durationMs: 5 } },
    eventId: 'exec-end:e',
  });
});

test.each<JournalRecord>([
  { kind: 'transcript', at, batch: { agentSessionId: 'a', entries: [] } },
  { kind: 'start.finished', at, heads: [], runtimeVersion: '1-sdk.0.0.0' },
  { kind: 'start.failed', at, failure: { kind: 'network', message: 'no answer' } },
  { kind: 'turn.accepted', at, turnId: 't', textHash: 'h' },
  { kind: 'turn.lost', at, turnId: 't', cause: 'agent-died', message: 'killed', losses: 1 },
  { kind: 'exec.accepted', at, execId: 'e' },
])('a record $kind is no event: the worker or the workflow tells of it', (record) => {
  expect(eventOf(record)).toBeNull();
});
