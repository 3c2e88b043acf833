import { describe, expect, test } from 'vitest';
import { sessionInputSchema } from '../../src/contracts/session-input.ts';
import { newQueuedPrompt, newSessionData } from '../../src/workflows/session-data.ts';
import type { QueuedPrompt, SessionData } from '../../src/workflows/session-data.ts';
import { execView, stateView, turnView } from '../../src/workflows/views.ts';

const now = '2026-01-01T00:00:00.000Z';
const input = sessionInputSchema.parse({
  sessionId: 's',
  repositories: [{ url: 'https://example.com/ada/fruit.git' }],
  user: { name: 'Ada', email: 'ada@example.com' },
});

function data(changes: Partial<SessionData>): SessionData {
  return { ...newSessionData(now), phase: { status: 'idle' }, ...changes };
}

function prompt(id: string, author?: string): QueuedPrompt {
  return newQueuedPrompt({ id, text: `text of ${id}`, ...(author === undefined ? {} : { author }) });
}

describe('the state', () => {
  test('of a new session says that nothing is there yet', () => {
    expect(stateView(input, newSessionData(now), 0)).toEqual({
      sessionId: 's',
      status: 'starting',
      createdAt: now,
      lastActivityAt: now,
      generation: 0,
      sandboxId: null,
      imageId: null,
      checkpointId: null,
      turnId: null,
      queue: [],
      turns: 0,
      costUsd: 0,
      spentUsd: 0,
      budgetUsd: null,
      waiting: null,
      clocks: { pausesAt: null, turnEndsAt: null, rollsOverAt: null, closesAt: null },
      repositories: [{ name: 'fruit', url: 'https://example.com/ada/fruit.git', branch: 'main' }],
      git: [],
    });
  });

  test('names the running turn apart from those that wait, and texts not at all', () => {
    const state = stateView(
      input,
      data({
        phase: { status: 'running', turnId: 'p1' },
        queue: [prompt('p1'), prompt('p2', 'Bob'), prompt('p3')],
      }),
      0,
    );
    expect(state).toMatchObject({ status: 'running', turnId: 'p1' });
    expect(state.queue).toEqual([{ turnId: 'p2', author: 'Bob' }, { turnId: 'p3' }]);
    expect(JSON.stringify(state)).not.toContain('text of');
  });

  test('of a session that waits for its sandbox has the whole queue', () => {
    const state = stateView(input, data({ phase: { status: 'resuming' }, queue: [prompt('p1')] }), 0);
    expect(state).toMatchObject({ turnId: null, queue: [{ turnId: 'p1' }] });
  });

  test('says where sandbox, checkpoint and git stand', () => {
    const head = { repository: 'fruit', branch: 'harvest/s', head: 'a'.repeat(40) };
    const checkpoint = {
      checkpointId: 'turn-p1',
      sessionId: 's',
      generation: 2,
      turnId: 'p1',
      at: now,
      carried: [],
      transcript: null,
      snapshot: null,
      costUsd: 0.25,
    };
    const sandbox = { sandboxId: 'sb-2', imageId: 'im-1', runtimeVersion: '1-sdk.0.0.0', endsAt: now };
    const state = stateView(
      input,
      data({ sandbox, checkpoint, heads: [head], generation: 2, turns: 3, costUsd: 0.25 }),
      0,
    );
    expect(state).toMatchObject({
      generation: 2,
      sandboxId: 'sb-2',
      imageId: 'im-1',
      checkpointId: 'turn-p1',
      turns: 3,
      costUsd: 0.25,
      git: [head],
    });
  });

  test('of a closed session says why, when there is something to say', () => {
    const closed = (message?: string): SessionData =>
      data({
        phase: { status: 'closed', reason: 'start-failed', ...(message === undefined ? {} : { message }) },
      });
    expect(stateView(input, closed('no such branch'), 0).message).toBe('no such branch');
    expect(stateView(input, closed(), 0)).not.toHaveProperty('message');
  });
});

describe('a turn', () => {
  const failure = { kind: 'model', message: 'overloaded' } as const;
  const busy = data({
    phase: { status: 'running', turnId: 'p1' },
    queue: [prompt('p1'), prompt('p2'), prompt('p3')],
    endedTurns: [
      { turnId: 'p0', outcome: { status: 'completed' }, answer: 'done', costUsd: 0.5 },
      { turnId: 'px', outcome: { status: 'failed', failure }, answer: '', costUsd: 0 },
    ],
  });

  test.each([
    { id: 'p1', view: { turnId: 'p1', status: 'running' } },
    { id: 'p2', view: { turnId: 'p2', status: 'queued', position: 1 } },
    { id: 'p3', view: { turnId: 'p3', status: 'queued', position: 2 } },
    { id: 'p0', view: { turnId: 'p0', status: 'completed', answer: 'done', costUsd: 0.5 } },
    { id: 'px', view: { turnId: 'px', status: 'failed', failure, answer: '', costUsd: 0 } },
    { id: 'nobody', view: null },
  ])('$id is shown as $view', ({ id, view }) => {
    expect(turnView(busy, id)).toEqual(view);
  });

  test('that has ended is not shown as running while the session is between it and the next one', () => {
    const between: SessionData = {
      ...busy,
      phase: { status: 'running', turnId: 'p0' },
      queue: [prompt('p2')],
    };
    expect(turnView(between, 'p0')).toMatchObject({ status: 'completed' });
    expect(stateView(input, between, 0)).toMatchObject({
      status: 'running',
      turnId: null,
      queue: [{ turnId: 'p2' }],
    });
  });

  test('that nothing goes before waits at position 0', () => {
    const paused = data({ phase: { status: 'paused' }, queue: [prompt('p1')] });
    expect(turnView(paused, 'p1')).toEqual({ turnId: 'p1', status: 'queued', position: 0 });
  });
});

describe('an exec', () => {
  const known = data({
    pendingExecs: [{ id: 'waits', argv: ['true'], timeoutSeconds: 1, falseStarts: 0 }],
    endedExecs: [{ execId: 'ended', outcome: { status: 'signalled', signal: 'SIGKILL' }, output: 'out' }],
  });

  test.each([
    { id: 'waits', view: { execId: 'waits', status: 'running' } },
    { id: 'runs', view: { execId: 'runs', status: 'running' } },
    { id: 'ended', view: { execId: 'ended', status: 'signalled', signal: 'SIGKILL', output: 'out' } },
    { id: 'nobody', view: null },
  ])('that $id is shown as $view', ({ id, view }) => {
    expect(execView(known, new Set(['runs']), id)).toEqual(view);
  });
});
