/** Which worker ran the activities of a session: read from Temporal's history, which knows it best. */
import type { World } from '../../support/world.ts';

type Event = {
  eventId: { toString(): string };
  userMetadata?: { summary?: { data?: Uint8Array } | null } | null;
  activityTaskScheduledEventAttributes?: object | null;
  activityTaskStartedEventAttributes?: {
    scheduledEventId: { toString(): string };
    attempt: number;
    workerVersion?: { buildId: string } | null;
  } | null;
};

export type LastAttempt = { attempt: number; buildId: string };

/** By the activity's summary: the last attempt of each, and the build id of the worker that made it. */
export async function lastAttempts(world: World, sessionId: string): Promise<Map<string, LastAttempt>> {
  const { events } = (await world.history(sessionId)) as { events: Event[] };
  const summaries = new Map<string, string>();
  const attempts = new Map<string, LastAttempt>();
  for (const event of events) {
    const summary = event.userMetadata?.summary?.data;
    if (event.activityTaskScheduledEventAttributes && summary) {
      summaries.set(event.eventId.toString(), JSON.parse(Buffer.from(summary).toString()) as string);
    }
    const started = event.activityTaskStartedEventAttributes;
    if (!started) continue;
    const { attempt, scheduledEventId, workerVersion } = started;
    const name = summaries.get(scheduledEventId.toString()) ?? scheduledEventId.toString();
    attempts.set(name, { attempt, buildId: workerVersion?.buildId ?? '' });
  }
  return attempts;
}
