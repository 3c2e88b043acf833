/** That the gate does not rot: scenarios and histories belong together, and whatever the workflows can do is in one of them. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as messages from '../../src/contracts/session-messages.ts';
import { sessionStatuses } from '../../src/contracts/session-state.ts';
import * as activities from '../../src/workflows/activities.ts';
import { scenarios } from './scenarios/index.ts';
import { historyNames, readHistory, scenarioOf } from './support/history-files.ts';

const histories = historyNames().map((name) => ({ name, ...readHistory(name) }));
const text = histories.map(({ runs }) => JSON.stringify(opened(runs))).join('\n');

/** With payloads as what they hold. */
function opened(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((entry) => opened(entry));
  if (typeof value !== 'object' || value === null) return value;
  if ('metadata' in value && 'data' in value && typeof value.data === 'string') {
    const json: unknown = JSON.parse(Buffer.from(value.data, 'base64').toString());
    return json;
  }
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, opened(entry)]));
}

/** Types of the session's own events as the workflows' sources name them. */
function eventTypesInSources(): string[] {
  const folder = join(import.meta.dirname, '../../src/workflows');
  const sources = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'));
  const found = sources.flatMap((source) => [...source.matchAll(/\btype: '([a-z]+\.[a-z-]+)'/g)]);
  return [...new Set(found.map(([, type = '']) => type))].sort();
}

describe('the recorded histories', () => {
  test('belong to a scenario each, and every scenario has one', () => {
    const named = new Set(histories.map(({ name }) => scenarioOf(name)));
    expect([...named].sort()).toEqual(Object.keys(scenarios).sort());
  });

  test('hold nothing of the machine that recorded them', () => {
    expect(text).not.toMatch(/file:\/\/|stackTrace|"identity":"(?!worker")|node_modules/);
  });

  const { activityNames, updates, signals } = named();
  test.each(activityNames)('have the activity %s', (name) => {
    expect(
      text.includes(`"activityType":{"name":"${name}"}`) || text.includes(`"activity_type":"${name}"`),
    ).toBe(true);
  });

  test.each(updates)('have the update %s', (name) => {
    expect(text).toContain(`"name":"${name}"`);
  });

  test.each(signals)('have the signal %s', (name) => {
    expect(text).toContain(`"signalName":"${name}"`);
  });

  // One that begins in the same step in which another one ends is in no history.
  test.each(sessionStatuses)('have the status %s', (status) => {
    expect(text).toContain(`"HarvestState":"${status}"`);
  });

  test.each(eventTypesInSources())('have the event %s', (type) => {
    expect(histories.some(({ emitted }) => emitted.includes(type))).toBe(true);
  });
});

function named(): { activityNames: string[]; updates: string[]; signals: string[] } {
  const definitions = Object.values(messages);
  const of = (kind: string): string[] =>
    definitions.filter(({ type }) => type === kind).map(({ name }) => name);
  return { activityNames: Object.keys(activities), updates: of('update'), signals: of('signal') };
}
