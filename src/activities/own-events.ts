/** The one way by which activities append the workflow's events and their own: redacted, like all that enters the event log (I8). */
import type { EventBody, OwnEvent } from '../contracts/events.ts';
import type { ActivityDeps } from './deps.ts';
import { SessionIdUsed } from './errors.ts';
import { toFailure } from './failures.ts';
import type { RecordEventsInput } from './types.ts';

type EventDeps = Pick<ActivityDeps, 'store' | 'vault'>;

/** Appends what is not there yet, by event id (I5). */
export async function appendOwnEvents(
  deps: EventDeps,
  sessionId: string,
  events: readonly OwnEvent[],
): Promise<void> {
  if (events.length === 0) return;
  const redactor = deps.vault.redactorFor(sessionId);
  const redacted = events.map((event) => ({ ...event, body: redactor.json(event.body) }));
  await deps.store.events.appendOwn(sessionId, redacted);
}

/** Tells what an activity did itself, once per `eventId` however often the activity is tried. */
export async function tell(
  deps: EventDeps,
  about: { sessionId: string; generation: number },
  event: { eventId: string; body: EventBody },
): Promise<void> {
  const { sessionId, generation } = about;
  await appendOwnEvents(deps, sessionId, [{ ...event, at: new Date().toISOString(), generation }]);
}

/** Appends only what the workflow tells. Of a session that begins it throws `SessionIdUsed` first, and appends nothing then. */
export async function recordEvents(
  deps: EventDeps,
  { sessionId, claimFor, events }: RecordEventsInput,
  redact: (text: string) => string,
): Promise<void> {
  try {
    if (claimFor !== undefined && !(await deps.store.sessionIds.claim(sessionId, claimFor)))
      throw new SessionIdUsed(sessionId);
    await appendOwnEvents(deps, sessionId, events);
  } catch (error) {
    throw toFailure(error, redact);
  }
}
