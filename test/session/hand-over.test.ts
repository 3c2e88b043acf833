/** A worker that is told to stop hands its running turns over: to the next one, and without a trace in the event log. */
import { expect, test } from 'vitest';
import type { Session } from '../../src/client.ts';
import type { SessionEvent } from '../../src/contracts/events.ts';
import { failureTypes } from '../../src/contracts/failures.ts';
import { count, eventually, expectWholeLog, follow, readLog } from '../support/log-checks.ts';
import { pendingActivity, temporalOf, type PendingActivity } from '../support/pending-activity.ts';
import { openWorld } from '../support/world.ts';

const handOvers = 10;
/** `maximumInterval` of every activity. */
const longestBackOffMs = 5_000;
/** Numbers, one every 20 ms, for longer than any test may take. */
const counting = '!stream 100000 20';

test('ten hand-overs of one turn in a row leave no trace, and do not delay the retry of a real failure', async () => {
  await using world = await openWorld();
  await using temporal = await temporalOf(world);
  const session = await world.session();
  const stayed = follow(session);
  const turn = session.prompt(counting, { id: 'long' });
  const attemptOf = async (holds: (seen: PendingActivity) => boolean): Promise<PendingActivity> => {
    const seen = await eventually(
      async () => pendingActivity(temporal.client, session.id, 'runTurn'),
      (pending) => pending !== null && holds(pending),
    );
    if (seen === null) throw new Error('the turn is over');
    return seen;
  };
  await spoken(stayed.seen, 10);

  for (let done = 0; done < handOvers; done += 1) {
    const present = world.workers.at(-1);
    const next = await world.startWorker();
    expect(await attemptOf(() => true)).toMatchObject({ attempt: done + 1, workerPid: present?.pid });
    await present?.stop();
    // One attempt and no more, told by the worker that ended it.
    expect(await attemptOf(({ workerPid }) => workerPid === next.pid)).toMatchObject({
      attempt: done + 2,
      lastFailure: failureTypes.workerShutdown,
    });
    await spoken(stayed.seen, 10);
  }

  const killed = world.workers.at(-1);
  const last = await world.startWorker();
  await killed?.kill();
  const waiting = await attemptOf(({ nextAttemptAtMs }) => nextAttemptAtMs !== null);
  expect(waiting).toMatchObject({ attempt: handOvers + 2, lastFailure: 'timeout' });
  // Without the maximum the twelfth attempt would be set for seven minutes later.
  expect((waiting.nextAttemptAtMs ?? 0) - Date.now()).toBeLessThanOrEqual(longestBackOffMs);
  expect(await attemptOf(({ workerPid }) => workerPid === last.pid)).toMatchObject({
    attempt: handOvers + 2,
  });
  await spoken(stayed.seen, 10);

  await session.interrupt('long');
  expect(await turn.result()).toMatchObject({ status: 'interrupted' });
  expect(await session.prompt('!say after').result()).toMatchObject({ status: 'completed', text: 'after' });
  await expectNoTrace(session, stayed);
});

/** Every number that was said is in the log once and in its place, and nobody was told of what happened beneath. */
async function expectNoTrace(session: Session, stayed: ReturnType<typeof follow>): Promise<void> {
  const events = await readLog(session);
  await stayed.stop();
  expectWholeLog(events);
  expect(stayed.seen).toEqual(events);
  expect(count(events, 'turn.started')).toBe(2);
  for (const type of ['turn.continued', 'turn.restarted', 'sandbox.lost', 'warning'] as const)
    expect(count(events, type)).toBe(0);
  const numbers = textOf(events, 'long').trim().split(' ').map(Number);
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  expect(numbers.length).toBeGreaterThan(100);
}

function textOf(events: readonly SessionEvent[], turnId: string): string {
  return events
    .map((event) => (event.type === 'agent.text.delta' && event.turnId === turnId ? event.data.text : ''))
    .join('');
}

/** Resolves when so many more pieces of text have been seen. */
async function spoken(seen: readonly SessionEvent[], more: number): Promise<void> {
  const pieces = (): number => count(seen, 'agent.text.delta');
  const before = pieces();
  await eventually(pieces, (now) => now >= before + more);
}
