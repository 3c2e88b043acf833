/** Runs of one session that follow each other, and a run that is set back. */
import * as messages from '../../../src/contracts/session-messages.ts';
import { ended, fail } from '../../workflows/support/scripted-activities.ts';
import { until } from '../../workflows/support/session-server.ts';
import type { Scenarios } from '../support/scenario.ts';

export const runs: Scenarios = {
  'continue-as-new': () => ({
    shows: 'runs that follow each other while prompts, execs and rejected signals come',
    historyEvents: 60,
    activities: {
      turn: async (input) => {
        await new Promise((resolve) => setTimeout(resolve, 30));
        return ended(input);
      },
    },
    story: async (caller) => {
      await caller.becomes('idle');
      for (let round = 1; round <= 4; round += 1) {
        await caller.session.signal(messages.promptSignal, { id: `s${round}`, text: 'go' });
        await caller.prompt(`p${round}`);
        await caller.session.signal(messages.promptSignal, { id: `bad${round}`, text: '' });
        await caller.exec(`e${round}`);
        await caller.prompt(`q${round}`);
        await caller.turnEnds(`q${round}`);
        await caller.execEnds(`e${round}`);
      }
    },
  }),
  'continue-paused': () => ({
    shows: 'runs that follow each other while the session is paused, and its return',
    historyEvents: 40,
    story: async (caller) => {
      await caller.becomes('idle');
      await caller.prompt('p1');
      await caller.turnEnds('p1');
      await caller.pause();
      await caller.becomes('paused');
      for (let round = 1; round <= 8; round += 1) {
        await caller.session.signal(messages.promptSignal, { id: `bad${round}`, text: '' });
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      await caller.prompt('p2');
      await caller.turnEnds('p2');
    },
  }),
  reset: () => ({
    shows: 'a session that is set back to a point before its pause',
    story: async (caller) => {
      await caller.becomes('idle');
      const { runId } = await caller.session.describe();
      const { events } = await caller.session.fetchHistory();
      const idle = events?.findLast((event) => event.workflowTaskCompletedEventAttributes);
      await caller.pause();
      await caller.becomes('paused');
      await caller.resetTo({ runId, eventId: String(idle?.eventId) });
      await until(
        async () => (await caller.session.describe()).runId,
        (newest) => newest !== runId,
      );
      await caller.becomes('paused');
    },
  }),
  'record-failed': () => {
    let isDown = false;
    let refusals = 0;
    return {
      shows: 'an event that cannot be recorded when it happens, and is recorded later',
      activities: {
        record: () => {
          if (!isDown) return;
          refusals += 1;
          fail('StoreDown', 'the store does not answer');
        },
      },
      story: async (caller) => {
        await caller.becomes('idle');
        isDown = true;
        await caller.session.signal(messages.promptSignal, { id: 'bad', text: '' });
        await until(
          async () => refusals,
          (count) => count > 0,
        );
        isDown = false;
        await caller.prompt('p1');
        await caller.turnEnds('p1');
        // Until the recorder has waited long enough to try again.
        await new Promise((resolve) => setTimeout(resolve, 6_000));
        await caller.session.signal(messages.promptSignal, { id: 'bad2', text: '' });
        await caller.becomes('idle');
      },
    };
  },
};
