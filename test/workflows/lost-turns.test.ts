import { expect, test } from 'vitest';
import type { RunTurnInput, TurnReport } from '../../src/activities/types.ts';
import * as messages from '../../src/contracts/session-messages.ts';
import { ended, scriptedActivities } from './support/scripted-activities.ts';
import { SessionHarness } from './support/session-harness.ts';
import { HeldTurn, send, terminate, untilState, untilTurn } from './support/story-words.ts';

const harness = new SessionHarness();

/** The first turn is interrupted while it runs, and then ends as `report` says. */
async function playInterrupted(
  report: TurnReport,
  between: (handle: Parameters<typeof send>[0]) => Promise<void> = async () => undefined,
): Promise<(string | undefined)[]> {
  const interrupted = new HeldTurn();
  const told: RunTurnInput[] = [];
  const activities = scriptedActivities({
    turn: async (input) => {
      told.push(input);
      if (input.turnId !== 'p1') return ended(input);
      await interrupted.released;
      return report;
    },
    interrupt: () => interrupted.release(),
  });
  await harness.run(activities, async (handle) => {
    await send(handle, 'p1');
    await untilTurn(handle, 'p1', 'running');
    await send(handle, 's1', { mode: 'steer' });
    await untilState(handle, () => activities.calls.includes('steer p1 with s1'));
    await handle.executeUpdate(messages.interruptUpdate, { args: [{ turnId: 'p1' }] });
    await untilTurn(handle, 'p1', 'interrupted');
    await between(handle);
    for (const id of ['p2', 'p3']) {
      await send(handle, id);
      await untilTurn(handle, id, 'completed');
    }
    await terminate(handle);
  });
  return told.filter(({ turnId }) => turnId !== 'p1').map(({ notice }) => notice);
}

test('the agent of the next sandbox is told, once, of a turn that was interrupted and lost with its sandbox', async () => {
  const notices = await playInterrupted({ kind: 'sandbox-lost', cause: 'gone', started: true });
  expect(notices).toEqual([expect.stringMatching(/was interrupted[^]*\n> p1\n> \n> s1$/), undefined]);
});

test('an agent that keeps its sandbox is not told of a turn that it remembers', async () => {
  const notices = await playInterrupted({
    kind: 'agent-lost',
    cause: 'agent-died',
    losses: 1,
    message: 'it was killed',
  });
  expect(notices).toEqual([undefined, undefined]);
});

test('a snapshot holds the conversation of a turn that ended without its agent', async () => {
  const lost: TurnReport = { kind: 'agent-lost', cause: 'agent-died', losses: 1, message: 'it was killed' };
  const notices = await playInterrupted(lost, async (handle) => {
    await handle.executeUpdate(messages.pauseUpdate, { args: [{}] });
    await untilState(handle, 'paused');
  });
  expect(notices).toEqual([undefined, undefined]);
});
