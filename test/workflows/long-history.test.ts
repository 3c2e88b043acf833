/** 500 turns on a server with its own limits. What is lost when runs follow each other is shown elsewhere, in `long-session.test.ts`. */
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker, bundleWorkflowCode } from '@temporalio/worker';
import type { WorkflowHandle } from '@temporalio/client';
import { expect, test } from 'vitest';
import * as messages from '../../src/contracts/session-messages.ts';
import type { session } from '../../src/workflows/session.ts';
import { fetchRuns } from '../replay/support/history-files.ts';
import { temporalLogger } from '../support/temporal-log.ts';
import { ended, scriptedActivities } from './support/scripted-activities.ts';
import { SessionHarness, until } from './support/session-harness.ts';

const turns = 500;
/** As a server has it that nobody has set anything on. */
const harness = new SessionHarness({ historyEvents: 4_096 });

test(
  `every run of a session of ${turns} turns has fewer than 5,000 events, and replays`,
  { timeout: 600_000 },
  async () => {
    let turnBegins = Promise.withResolvers<void>();
    const activities = scriptedActivities({
      turn: (input) => {
        turnBegins.resolve();
        return ended(input);
      },
    });
    let workflowId = '';
    await harness.run(activities, async (handle) => {
      ({ workflowId } = handle);
      const chain: WorkflowHandle<typeof session> = harness.client.workflow.getHandle(workflowId);
      for (let turn = 1; turn <= turns; turn += 1) {
        turnBegins = Promise.withResolvers();
        const args = [{ id: `p${turn}`, text: 'go' }] as const;
        // One that meets a take-over may have to be sent again.
        await until(
          () =>
            chain.executeUpdate(messages.promptUpdate, { args: [...args] }).then(
              () => 'taken',
              (error: unknown) => String(error),
            ),
          (answer) => answer === 'taken',
        );
        await turnBegins.promise;
      }
      await until(
        () => chain.query(messages.stateQuery),
        (state) => state.turns === turns,
      );
      await chain.executeUpdate(messages.terminateUpdate, { args: [{}] });
      await chain.result();
    });
    expect(new Set(activities.calls.filter((call) => call.startsWith('turn '))).size).toBe(turns);

    const runs = await fetchRuns(harness.client, workflowId);
    expect(runs.length).toBeGreaterThan(1);
    for (const { events } of runs) expect(events.length).toBeLessThan(5_000);
    const workflowsPath = new URL('../../src/workflows/index.ts', import.meta.url).pathname;
    const workflowBundle = await bundleWorkflowCode({ workflowsPath, logger: temporalLogger });
    const histories = runs.map(({ events }) => ({ workflowId, history: historyFromJSON({ events }) }));
    for await (const { error } of Worker.runReplayHistories({ workflowBundle }, histories)) {
      expect(error).toBeUndefined();
    }
  },
);
