/** What is to stop a turn goes with it from one run of the session into the next (I9). */
import { Context } from '@temporalio/activity';
import { expect, test } from 'vitest';
import type { RunTurnInput, TurnReport } from '../../src/activities/types.ts';
import * as messages from '../../src/contracts/session-messages.ts';
import type { InterruptReason } from '../../src/contracts/supervisor.ts';
import { checkpoint, ended, scriptedActivities } from './support/scripted-activities.ts';
import { SessionHarness } from './support/session-harness.ts';
import type { SessionHandle } from './support/session-harness.ts';
import { HeldTurn, send, terminate, untilState, untilTurn } from './support/story-words.ts';

// So that a new run follows every step.
const harness = new SessionHarness({ historyEvents: 10 });

const totals = {
  costUsd: 0.5,
  durationMs: 1,
  usage: { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0 },
};

function suspended(input: RunTurnInput): TurnReport {
  return { kind: 'suspended', totals, checkpoint: checkpoint(input, `suspended-${input.turnId}-g1`) };
}

/** Of the session's workflow, in one of its activities. */
function currentRun(): string {
  return Context.current().info.workflowExecution?.runId ?? '';
}

async function interrupt(handle: SessionHandle): Promise<void> {
  expect(await handle.executeUpdate(messages.interruptUpdate, { args: [{}] })).toEqual({ turnId: 'p1' });
}

async function untilOver(handle: SessionHandle): Promise<unknown> {
  await untilState(handle, ({ status, turns }) => status === 'idle' && turns === 1);
  return handle.query(messages.turnQuery, 'p1');
}

test('an interrupt that is asked for while the turn is between two sandboxes ends it in the next run', async () => {
  const opening = new HeldTurn();
  const runs: string[] = [];
  const activities = scriptedActivities({
    create: async ({ generation }) => {
      if (generation === 1) return;
      runs.push(currentRun());
      await opening.released;
    },
    turn: (input) => {
      if (input.turnId === 'p2') runs.push(currentRun());
      const isLost = input.turnId === 'p1' && input.generation === 1;
      return isLost ? { kind: 'sandbox-lost', cause: 'killed', started: true } : ended(input);
    },
  });
  await harness.run(activities, async (handle) => {
    await send(handle, 'p1');
    await untilState(handle, () => activities.calls.includes('create g2'));
    await interrupt(handle);
    opening.release();
    expect(await untilOver(handle)).toMatchObject({ status: 'interrupted' });
    await send(handle, 'p2');
    await untilTurn(handle, 'p2', 'completed');
    await terminate(handle);
  });
  expect(new Set(runs).size).toBe(2);
  expect(activities.calls.filter((call) => call.startsWith('turn '))).toEqual(['turn p1 #1', 'turn p2 #1']);
});

/** It is suspended all the same: what is to stop it came too late for the agent of its first sandbox. */
async function playSuspended(
  stop: Exclude<InterruptReason['kind'], 'suspend'>,
  { turnSeconds, ask }: { turnSeconds: number; ask?: (handle: SessionHandle) => Promise<void> },
) {
  const stops = { first: new HeldTurn(), goingOn: new HeldTurn() };
  const reasons: string[] = [];
  const runs: { turn?: string; rollover?: string } = {};
  const activities = scriptedActivities({
    turn: async (input) => {
      const isFirst = input.carriedOver === undefined;
      if (isFirst) runs.turn = currentRun();
      await (isFirst ? stops.first : stops.goingOn).released;
      return isFirst ? suspended(input) : failedByLimit(input);
    },
    // It may overtake the turn's own activity.
    interrupt: ({ reason, generation }) => {
      reasons.push(reason.kind);
      if (reason.kind === stop) (generation === 1 ? stops.first : stops.goingOn).release();
    },
    snapshot: () => {
      if (runs.turn !== undefined) runs.rollover ??= currentRun();
    },
  });
  let end: unknown;
  await harness.run(
    activities,
    async (handle) => {
      await send(handle, 'p1');
      await untilState(handle, () => reasons.includes('suspend'));
      await ask?.(handle);
      end = await untilOver(handle);
      await terminate(handle);
    },
    // Rolls over after 1.5 s.
    { sandboxLifetimeSeconds: 2, rolloverSeconds: 1, turnSeconds },
  );
  expect(runs).toEqual({ turn: expect.any(String), rollover: expect.any(String) });
  expect(runs.rollover).not.toBe(runs.turn);
  return { end, reasons };
}

function failedByLimit(input: RunTurnInput): TurnReport {
  const failure = { kind: 'limit', message: 'too long' } as const;
  return { ...ended(input), outcome: { status: 'failed', failure } } as TurnReport;
}

test('an interrupt that a suspended turn did not hear ends it before it goes on', async () => {
  const { end, reasons } = await playSuspended('requested', { turnSeconds: 600, ask: interrupt });
  expect(end).toMatchObject({ status: 'interrupted', costUsd: totals.costUsd });
  expect(reasons).toEqual(['suspend', 'requested']);
});

test('a limit that a suspended turn did not hear of is told to the agent of the next generation', async () => {
  const { end, reasons } = await playSuspended('limit', { turnSeconds: 4 });
  expect(end).toMatchObject({ status: 'failed', failure: { kind: 'limit' } });
  expect(reasons).toEqual(['suspend', 'limit', 'limit']);
});
