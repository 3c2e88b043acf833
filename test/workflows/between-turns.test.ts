/** What comes between the end of a turn and the beginning of the next one. */
import { expect, test } from 'vitest';
import * as messages from '../../src/contracts/session-messages.ts';
import { ended, scriptedActivities } from './support/scripted-activities.ts';
import type { ScriptedActivities } from './support/scripted-activities.ts';
import { SessionHarness } from './support/session-harness.ts';
import { HeldTurn, send, terminate, untilState, untilTurn } from './support/story-words.ts';

const harness = new SessionHarness();

test('a session is idle when its next prompt goes away while a checkpoint is taken before it', async () => {
  const turn = new HeldTurn();
  const snapshot = new HeldTurn();
  const scripted = scriptedActivities({
    turn: async (input) => {
      await turn.released;
      return ended(input);
    },
  });
  const activities: ScriptedActivities = {
    ...scripted,
    takeSnapshot: async (input) => {
      const taken = await scripted.takeSnapshot(input);
      if (input.purpose === 'request') await snapshot.released;
      return taken;
    },
  };
  await harness.run(activities, async (handle) => {
    await send(handle, 'p1');
    await untilTurn(handle, 'p1', 'running');
    await send(handle, 'p2');
    await handle.executeUpdate(messages.checkpointUpdate);
    turn.release();
    await untilTurn(handle, 'p1', 'completed');
    await untilState(handle, () => activities.calls.includes('snapshot'));
    await handle.executeUpdate(messages.cancelPromptUpdate, { args: [{ id: 'p2' }] });
    snapshot.release();
    const { checkpointId, turnId, clocks } = await untilState(
      handle,
      (state) => state.checkpointId?.startsWith('snapshot-') === true,
    );
    expect({ checkpointId, turnId }).toEqual({ checkpointId: expect.any(String), turnId: null });
    expect((await handle.query(messages.stateQuery)).status).toBe('idle');
    // What is idle pauses itself (I12).
    expect(clocks.pausesAt).not.toBeNull();
    await terminate(handle);
  });
  expect(activities.calls.filter((call) => call.startsWith('turn '))).toEqual(['turn p1 #1']);
});
