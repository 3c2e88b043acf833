import { describe, expect, test } from 'vitest';
import {
  afterAgentLoss,
  afterExecLoss,
  afterSandboxLoss,
  isIdle,
  nextStep,
} from '../../src/workflows/decisions.ts';
import { newQueuedPrompt, newSessionData } from '../../src/workflows/session-data.ts';
import type { SessionData } from '../../src/workflows/session-data.ts';

const now = '2026-01-01T00:00:00.000Z';
const prompt = newQueuedPrompt({ id: 'p1', text: 'do it' });
const sandbox = { sandboxId: 'sb-1', imageId: 'im-1', runtimeVersion: '1.0', endsAt: now };

function data(changes: Partial<SessionData>): SessionData {
  return { ...newSessionData(now), phase: { status: 'idle' }, sandbox, ...changes };
}

function asked(changes: Partial<SessionData['asked']>): SessionData['asked'] {
  return { ...newSessionData(now).asked, ...changes };
}

describe('the next step', () => {
  test('opens the first sandbox of a new session', () => {
    expect(nextStep(newSessionData(now), 0)).toEqual({ do: 'open', reason: 'start' });
  });

  test('runs the prompt at the head of the queue', () => {
    expect(nextStep(data({ queue: [prompt] }), 0)).toEqual({ do: 'turn', prompt });
  });

  test('waits when there is nothing to do', () => {
    expect(nextStep(data({}), 0)).toEqual({ do: 'wait' });
  });

  test('closes before anything else', () => {
    expect(
      nextStep(data({ queue: [prompt], asked: asked({ close: 'terminate', pause: 'requested' }) }), 1),
    ).toEqual({ do: 'close' });
  });

  test('pauses before it runs what is queued', () => {
    expect(nextStep(data({ queue: [prompt], asked: asked({ pause: 'requested' }) }), 0)).toEqual({
      do: 'pause',
      reason: 'requested',
    });
  });

  test('waits for running execs before it pauses', () => {
    expect(nextStep(data({ asked: asked({ pause: 'requested' }) }), 1)).toEqual({ do: 'wait' });
  });

  test('waits for a command that was taken and can begin before it pauses', () => {
    const exec = { id: 'e1', argv: ['true'], timeoutSeconds: 1, falseStarts: 0 };
    const asking = { pendingExecs: [exec], asked: asked({ pause: 'requested' }) };
    expect(nextStep(data(asking), 0)).toEqual({ do: 'wait' });
  });

  test('leaves a paused session with a held queue alone', () => {
    expect(nextStep(data({ sandbox: null, phase: { status: 'paused' }, queue: [prompt] }), 0)).toEqual({
      do: 'wait',
    });
  });

  test('restores a paused session for a prompt, a resume or an exec', () => {
    const paused = { sandbox: null, phase: { status: 'paused' } } as const;
    expect(nextStep(data({ ...paused, queue: [prompt], asked: asked({ resume: true }) }), 0)).toEqual({
      do: 'open',
      reason: 'prompt',
    });
    expect(nextStep(data({ ...paused, asked: asked({ resume: true }) }), 0)).toEqual({
      do: 'open',
      reason: 'requested',
    });
    const exec = { id: 'e1', argv: ['true'], timeoutSeconds: 1, falseStarts: 0 };
    expect(nextStep(data({ ...paused, pendingExecs: [exec], asked: asked({ resume: true }) }), 0)).toEqual({
      do: 'open',
      reason: 'exec',
    });
  });

  test('lets go of a sandbox that is known to be lost before it tries anything in it', () => {
    const lost = { ...sandbox, lostCause: 'it was terminated' };
    const step = { do: 'lose', cause: 'it was terminated' };
    expect(nextStep(data({ sandbox: lost }), 0)).toEqual(step);
    expect(nextStep(data({ sandbox: lost, queue: [prompt], asked: asked({ checkpoint: true }) }), 1)).toEqual(
      step,
    );
    expect(nextStep(data({ sandbox: lost, asked: asked({ pause: 'requested' }) }), 0)).toEqual(step);
  });

  test.each(['idle', 'running'] as const)('replaces a sandbox that was lost while %s', (status) => {
    const phase = status === 'idle' ? { status } : { status, turnId: 'p1' };
    const replacing = { do: 'open', reason: 'sandbox-lost' };
    expect(nextStep(data({ sandbox: null, phase, asked: asked({ resume: true }) }), 0)).toEqual(replacing);
  });

  test('pauses without a sandbox when the one there was is lost, and holds what waits then', () => {
    const exec = { id: 'e1', argv: ['true'], timeoutSeconds: 1, falseStarts: 1 };
    const held = { sandbox: null, queue: [prompt], pendingExecs: [exec] };
    expect(nextStep(data({ ...held, asked: asked({ pause: 'requested' }) }), 0)).toEqual({
      do: 'pause',
      reason: 'requested',
    });
    expect(nextStep(data({ ...held, phase: { status: 'paused' } }), 0)).toEqual({ do: 'wait' });
  });

  test('does not pause over a turn that has begun', () => {
    const restarted = { ...prompt, restarts: 1, startedAt: now };
    expect(
      nextStep(data({ sandbox: null, queue: [restarted], asked: asked({ pause: 'requested' }) }), 0),
    ).toEqual({ do: 'open', reason: 'sandbox-lost' });
    expect(nextStep(data({ queue: [restarted], asked: asked({ pause: 'requested' }) }), 0)).toEqual({
      do: 'turn',
      prompt: restarted,
    });
  });

  test('takes a requested checkpoint before the next turn', () => {
    expect(nextStep(data({ queue: [prompt], asked: asked({ checkpoint: true }) }), 0)).toEqual({
      do: 'checkpoint',
    });
  });
});

describe('after a loss', () => {
  test('continues a turn twice and then fails it with the cause', () => {
    expect(afterAgentLoss(1, 'killed')).toEqual({ do: 'again', count: 1 });
    expect(afterAgentLoss(2, 'killed')).toEqual({ do: 'again', count: 2 });
    expect(afterAgentLoss(3, 'killed by SIGKILL')).toMatchObject({
      do: 'fail',
      failure: { kind: 'agent', message: expect.stringContaining('SIGKILL') },
    });
  });

  test('runs an exec again that never began, twice, and one that may have begun never', () => {
    const exec = { id: 'e1', argv: ['true'], timeoutSeconds: 1, falseStarts: 0 };
    const loss = { cause: 'gone', started: false };
    expect(afterExecLoss(exec, loss)).toEqual({ do: 'again', count: 1 });
    expect(afterExecLoss({ ...exec, falseStarts: 1 }, loss)).toEqual({ do: 'again', count: 2 });
    expect(afterExecLoss({ ...exec, falseStarts: 2 }, loss)).toMatchObject({
      do: 'lose',
      message: expect.stringContaining('gone'),
    });
    expect(afterExecLoss(exec, { cause: 'gone', started: true })).toEqual({ do: 'lose', message: 'gone' });
  });

  test('restarts a turn twice and then fails it with the cause', () => {
    expect(afterSandboxLoss(prompt, 'gone', true)).toEqual({ do: 'again', count: 1 });
    expect(afterSandboxLoss({ ...prompt, restarts: 2 }, 'gone', true)).toMatchObject({
      do: 'fail',
      failure: { kind: 'sandbox' },
    });
  });
});

describe('idleness', () => {
  test('is not while a turn, a queued prompt or an exec is there (I12)', () => {
    expect(isIdle(data({}), 0)).toBe(true);
    expect(isIdle(data({}), 1)).toBe(false);
    expect(isIdle(data({ queue: [prompt] }), 0)).toBe(false);
    expect(isIdle(data({ phase: { status: 'running', turnId: 'p1' } }), 0)).toBe(false);
  });
});
