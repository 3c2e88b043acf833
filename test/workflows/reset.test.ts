/** Temporal can set a session back to an earlier point of its history; what the abandoned run stored stays stored. */
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import * as messages from '../../src/contracts/session-messages.ts';
import { scriptedActivities } from './support/scripted-activities.ts';
import { SessionHarness, until } from './support/session-harness.ts';

const harness = new SessionHarness({ historyEvents: 1_000 });

test('after a reset no event and no checkpoint has the id of another one', async () => {
  const snapshots: string[] = [];
  const activities = scriptedActivities({
    snapshot: ({ checkpointId }) => void snapshots.push(checkpointId),
  });
  await harness.run(activities, async ({ workflowId }) => {
    const { workflow } = harness.client;
    const paused = async (): Promise<unknown> =>
      until(
        () => workflow.getHandle(workflowId).query(messages.stateQuery),
        ({ status }) => status === 'paused',
      );
    const original = workflow.getHandle(workflowId);
    await until(
      () => original.query(messages.stateQuery),
      ({ status }) => status === 'idle',
    );
    const { runId } = await original.describe();
    const { events: history } = await original.fetchHistory();
    const idle = history?.findLast((event) => event.workflowTaskCompletedEventAttributes);
    await original.executeUpdate(messages.pauseUpdate, { args: [{}] });
    await paused();
    await harness.client.workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId, runId },
      workflowTaskFinishEventId: idle?.eventId ?? null,
      requestId: randomUUID(),
      reason: 'test',
    });
    // Temporal asks again for what was asked for after that point.
    await until(
      async () => snapshots.length,
      (count) => count === 2,
    );
    await paused();
    await workflow.getHandle(workflowId).executeUpdate(messages.terminateUpdate, { args: [{}] });
    await workflow.getHandle(workflowId).result();
  });
  expect(new Set(snapshots).size).toBe(2);
  const { events } = activities;
  const ids = new Map(events.map(({ eventId, at, body }) => [eventId, `${at} ${body.type}`]));
  const told = new Set(events.map(({ at, body }) => `${at} ${body.type}`));
  expect(ids.size).toBe(told.size);
  expect(events.filter(({ body }) => body.type === 'session.paused')).toHaveLength(2);
});
