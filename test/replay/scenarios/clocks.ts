/** What the clocks do (I12), the budget, and waiting for room. */
import { failureTypes } from '../../../src/contracts/failures.ts';
import { checkpoint, ended, fail } from '../../workflows/support/scripted-activities.ts';
import { HeldTurn } from '../../workflows/support/story-words.ts';
import { untilCancelled } from '../support/deaf-turn.ts';
import { untilInterrupted } from '../support/held-turns.ts';
import type { Scenarios } from '../support/scenario.ts';

export const clocks: Scenarios = {
  'turn-limit': () => ({
    shows: 'a turn that is stopped at its time limit, and the next one',
    request: { options: { turnSeconds: 1 } },
    activities: untilInterrupted({
      report: (input) => {
        if (input.turnId !== 'p1') return ended(input);
        const failure = { kind: 'limit', message: 'too long' } as const;
        return { ...endedReport(input), outcome: { status: 'failed', failure } };
      },
    }),
    story: async (caller) => {
      await caller.prompt('p1');
      await caller.prompt('p2');
      await caller.turnEnds('p2');
    },
  }),
  'turn-limit-not-heard': () => ({
    shows: 'a turn over its limit that cannot be told to stop: it fails, and its sandbox is given up',
    request: { options: { turnSeconds: 1 } },
    activities: {
      turn: async (input) =>
        input.turnId === 'p1' && input.generation === 1 ? untilCancelled() : ended(input),
      interrupt: () => fail('Unreachable', 'the supervisor does not answer'),
    },
    story: async (caller) => {
      await caller.prompt('p1');
      await caller.prompt('p2');
      await caller.turnEnds('p2');
    },
  }),
  'rollover-idle': () => ({
    shows: 'an idle session that pauses before its sandbox ends',
    request: { options: { sandboxLifetimeSeconds: 4, rolloverSeconds: 1 } },
    story: async (caller) => caller.becomes('paused', 1),
  }),
  'rollover-running': () => ({
    shows: 'a running turn that goes on in the next generation before its sandbox ends',
    request: { options: { sandboxLifetimeSeconds: 4, rolloverSeconds: 1 } },
    activities: untilInterrupted({
      report: (input) => {
        if (input.generation > 1) return ended(input);
        const { totals } = endedReport(input);
        return { kind: 'suspended', totals, checkpoint: checkpoint(input, 'suspended-p1-g1') };
      },
    }),
    story: async (caller) => {
      await caller.prompt('p1');
      await caller.turnEnds('p1');
    },
  }),
  'rollover-exec': () => {
    const held = new HeldTurn();
    return {
      shows: 'an exec that a rollover waits for, and then does not',
      request: { options: { sandboxLifetimeSeconds: 4, rolloverSeconds: 1 } },
      activities: {
        exec: async () => {
          await held.released;
          return { kind: 'sandbox-lost', cause: 'its sandbox was ended', started: true };
        },
      },
      story: async (caller) => {
        await caller.exec('e1');
        await caller.becomes('idle', 2);
        held.release();
      },
    };
  },
  retention: () => ({
    shows: 'a paused session whose retention time is over',
    request: { options: { retentionSeconds: 1 } },
    story: async (caller) => {
      await caller.becomes('idle');
      await caller.pause();
      await caller.closes();
    },
  }),
  budget: () => ({
    shows: 'prompts that wait for a raised budget, and one without a limit',
    // Each turn costs 0.5.
    request: { options: { budgetUsd: 1, model: 'some-model' } },
    story: async (caller) => {
      await caller.prompt('p1', { options: { maxTurns: 3 } });
      await caller.prompt('p2');
      await caller.turnEnds('p2');
      await caller.prompt('p3');
      await caller.becomes('idle');
      await caller.setBudget(1.2);
      await caller.turnEnds('p3');
      await caller.setBudget(null);
      await caller.prompt('p4');
      await caller.turnEnds('p4');
    },
  }),
  'waiting-for-room': () => ({
    shows: 'a session that waits because the provider has no room',
    activities: {
      create: ({ patient }) => {
        if (!patient) fail(failureTypes.providerBusy, 'Modal has no room for another sandbox');
      },
    },
    story: async (caller) => caller.becomes('idle'),
  }),
};

function endedReport(input: Parameters<typeof ended>[0]) {
  const report = ended(input);
  if (report.kind !== 'ended') throw new TypeError('`ended` reports the end of a turn');
  return report;
}
