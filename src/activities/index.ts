/** The activities, bound to what they need. Every one first appends the workflow's own events that travel with it (I6). */
import type { OwnEvent } from '../contracts/events.ts';
import { attempt } from './attempt.ts';
import type { Attempt } from './attempt.ts';
import type { ActivityDeps } from './deps.ts';
import { runExec } from './exec.ts';
import { closeSession, createSandbox, endSandbox, takeSnapshot } from './sandboxes.ts';
import { startSupervisor } from './start.ts';
import { interruptTurn, runTurn } from './turn.ts';
import type { SessionActivities } from './types.ts';

type Input = { sessionId: string; events: OwnEvent[] };

export function createActivities(deps: ActivityDeps): SessionActivities {
  const activity =
    <I extends Input, O>(work: (deps: ActivityDeps, input: I, attempt: Attempt) => Promise<O>) =>
    async (input: I): Promise<O> =>
      attempt(async (current) => {
        await appendEvents(deps, input);
        return work(deps, input, current);
      });
  return {
    createSandbox: activity(createSandbox),
    startSupervisor: activity(startSupervisor),
    runTurn: activity(runTurn),
    interruptTurn: activity(async (deps, input, { signal }) => interruptTurn(deps, input, signal)),
    runExec: activity(runExec),
    takeSnapshot: activity(takeSnapshot),
    endSandbox: activity(endSandbox),
    closeSession: activity(closeSession),
    // A local activity has no heartbeat.
    recordEvents: async (input) => appendEvents(deps, input),
  };
}

/** The texts of prompts come from callers: they are redacted like everything that enters the event log (I8, I11). */
async function appendEvents(deps: ActivityDeps, { sessionId, events }: Input): Promise<void> {
  if (events.length === 0) return;
  const redactor = deps.vault.redactorFor(sessionId);
  await deps.store.events.appendOwn(
    sessionId,
    events.map((event) => ({ ...event, body: redactor.json(event.body) })),
  );
}
