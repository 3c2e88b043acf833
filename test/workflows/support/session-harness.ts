/** A server of session workflows for a test file: it starts with the file and ends with it. */
import { afterAll, beforeAll } from 'vitest';
import { temporalLogger } from '../../support/temporal-log.ts';
import type { ScriptedActivities } from './scripted-activities.ts';
import { SessionServer } from './session-server.ts';

export { until } from './session-server.ts';
export type { SessionHandle } from './session-server.ts';

export class SessionHarness extends SessionServer {
  constructor({ historyEvents = 100 } = {}) {
    super({ historyEvents, logger: temporalLogger });
    beforeAll(async () => this.open(), 300_000);
    afterAll(async () => this.close());
  }
}

export function eventTypes(activities: ScriptedActivities): string[] {
  return activities.events.map((event) => event.body.type);
}
