/** What arrives while one run of a session takes over from another: each once, and none lost (I9). */
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { expect, test } from 'vitest';
import * as messages from '../../src/contracts/session-messages.ts';
import type { session } from '../../src/workflows/session.ts';
import { ended, scriptedActivities } from './support/scripted-activities.ts';
import { SessionHarness, until } from './support/session-harness.ts';

type Chain = WorkflowHandle<typeof session>;

const harness = new SessionHarness({ historyEvents: 60 });

const execs = Array.from({ length: 60 }, (_, index) => `e${index}`);
const prompts = Array.from({ length: 12 }, (_, index) => `p${index}`);
const rejected = Array.from({ length: 40 }, (_, index) => `bad${index}`);

/** Sends one after the other; a message whose fate is unknown is sent again, as every client does. */
async function sendEach(ids: readonly string[], send: (id: string) => Promise<unknown>): Promise<void> {
  for (const id of ids) {
    await until(
      () =>
        send(id).then(
          () => 'accepted',
          (error: unknown) => String(error),
        ),
      (answer) => answer === 'accepted',
    );
    await sleep(Math.random() * 20);
  }
}

function sorted(list: readonly string[]): string[] {
  return [...list].sort();
}

test('every exec, prompt and event that comes while runs follow each other is taken once', async () => {
  const activities = scriptedActivities({
    exec: async () => {
      await sleep(Math.random() * 20);
      return { kind: 'ended', outcome: { status: 'exited', exitCode: 0 }, output: '' };
    },
    turn: async (input) => {
      await sleep(Math.random() * 50);
      return ended(input);
    },
  });
  await harness.run(activities, async ({ workflowId, firstExecutionRunId }) => {
    const chain: Chain = harness.client.workflow.getHandle(workflowId);
    const sendExec = async (id: string) =>
      chain.executeUpdate(messages.execUpdate, { args: [{ id, argv: ['ls'] }] });
    await Promise.all([
      sendEach(execs.slice(0, 30), sendExec),
      sendEach(execs.slice(30), sendExec),
      sendEach(prompts, async (id) =>
        chain.executeUpdate(messages.promptUpdate, { args: [{ id, text: 'go' }] }),
      ),
      sendEach(rejected, async (id) => chain.signal(messages.promptSignal, { id, text: '' })),
    ]);
    await until(
      () => chain.query(messages.stateQuery),
      ({ status, turns }) => status === 'idle' && turns === prompts.length,
    );
    for (const id of execs) {
      await until(
        () => chain.query(messages.execQuery, id),
        (exec) => exec?.status !== 'running',
      );
    }
    expect((await chain.describe()).runId).not.toBe(firstExecutionRunId);
    await chain.executeUpdate(messages.terminateUpdate, { args: [{}] });
    await chain.result();
  });
  const ran = (what: string): string[] => activities.calls.filter((call) => call.startsWith(`${what} `));
  expect(sorted(ran('exec'))).toEqual(sorted(execs.map((id) => `exec ${id}`)));
  expect(sorted(ran('turn'))).toEqual(sorted(prompts.map((id) => `turn ${id} #1`)));
  // Appended once for each event id, as the store does (I5).
  const appended = [...new Map(activities.events.map((event) => [event.eventId, event])).values()];
  const turnsOf = (type: string): string[] =>
    sorted(appended.filter(({ body }) => body.type === type).map(({ turnId = '' }) => turnId));
  expect(turnsOf('prompt.queued')).toEqual(sorted(prompts));
  expect(turnsOf('prompt.rejected')).toEqual(sorted(rejected));
});

/** Then it is the message itself with which the history becomes long enough. */
test('what comes while nothing else is under way is taken once too', async () => {
  const activities = scriptedActivities({});
  const seen = (turnId: string): boolean => activities.events.some((event) => event.turnId === turnId);
  await harness.run(activities, async ({ workflowId }) => {
    const chain: Chain = harness.client.workflow.getHandle(workflowId);
    const runs = new Set<string>();
    for (const id of execs.slice(0, 30)) {
      await chain.executeUpdate(messages.execUpdate, { args: [{ id, argv: ['ls'] }] });
      const exec = await until(
        () => chain.query(messages.execQuery, id),
        (view) => view?.status !== 'running',
      );
      expect(exec, id).toMatchObject({ status: 'exited' });
      await chain.signal(messages.promptSignal, { id: `bad-${id}`, text: '' });
      await until(
        async () => seen(`bad-${id}`),
        (isSeen) => isSeen,
      );
      runs.add((await chain.describe()).runId);
    }
    expect(runs.size).toBeGreaterThan(5);
    await chain.executeUpdate(messages.terminateUpdate, { args: [{}] });
    await chain.result();
  });
  expect(activities.calls.filter((call) => call.startsWith('exec'))).toHaveLength(30);
});

test('execs of which one is always running do not keep a run from ending', async () => {
  const begun = (): number => activities.calls.filter((call) => call.startsWith('exec')).length;
  const activities = scriptedActivities({
    // Each runs until the next but one has begun, or could not begin.
    exec: async () => {
      const first = begun();
      for (let tries = 0; begun() < first + 2 && tries < 40; tries += 1) await sleep(25);
      return { kind: 'ended', outcome: { status: 'exited', exitCode: 0 }, output: '' };
    },
  });
  await harness.run(activities, async ({ workflowId, firstExecutionRunId }) => {
    const chain: Chain = harness.client.workflow.getHandle(workflowId);
    for (const id of execs.slice(0, 20)) {
      await sendEach([id], async () =>
        chain.executeUpdate(messages.execUpdate, { args: [{ id, argv: ['ls'] }] }),
      );
      await until(
        () => chain.query(messages.execQuery, id),
        () => activities.calls.includes(`exec ${id}`),
      );
    }
    expect((await chain.describe()).runId).not.toBe(firstExecutionRunId);
    await chain.executeUpdate(messages.terminateUpdate, { args: [{}] });
    await chain.result();
  });
});
