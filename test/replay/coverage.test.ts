/** That the gate does not rot: scenarios and histories belong together, and whatever the workflows can do is in one of them. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as messages from '../../src/contracts/session-messages.ts';
import { sessionStatuses } from '../../src/contracts/session-state.ts';
import * as workflows from '../../src/workflows/index.ts';
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

const sources = ((): string => {
  const folder = join(import.meta.dirname, '../../src/workflows');
  return readdirSync(folder)
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join('\n');
})();

function inSources(pattern: RegExp): string[] {
  const found = [...sources.matchAll(pattern)].flatMap(([, names = '']) => names.split(/\s*,\s*/));
  return [...new Set(found)].sort();
}

const activityNames = inSources(/const \{ ([\w, ]+) \} = proxy(?:Local)?Activities/g);
const eventTypes = inSources(/\btype: '([a-z]+\.[a-z-]+)'/g);

function messagesOf(kind: 'update' | 'signal'): string[] {
  return Object.values(messages).flatMap(({ type, name }) => (type === kind ? [name] : []));
}

describe('the recorded histories', () => {
  test('belong to a scenario each, and every scenario has one', () => {
    const named = new Set(histories.map(({ name }) => scenarioOf(name)));
    expect([...named].sort()).toEqual(Object.keys(scenarios).sort());
  });

  // An empty list below would have no tests, which is no failure.
  test('are held against what is there', () => {
    expect(Object.keys(scenarios)).toContain('interrupt');
    expect(Object.keys(workflows)).toContain('session');
    expect(activityNames).toContain('runTurn');
    expect(activityNames).toContain('recordEvents');
    expect(messagesOf('update')).toContain(messages.promptUpdate.name);
    expect(messagesOf('signal')).toContain(messages.promptSignal.name);
    expect(sessionStatuses).toContain('running');
    expect(eventTypes).toContain('turn.restarted');
  });

  test('hold nothing of the machine that recorded them', () => {
    expect(text).not.toMatch(/file:\/\/|stackTrace|"identity":"(?!worker")|node_modules/);
  });

  test.each(Object.keys(workflows))('have the workflow %s', (name) => {
    expect(text).toContain(`"workflowType":{"name":"${name}"}`);
  });

  test.each(activityNames)('have the activity %s', (name) => {
    expect(
      text.includes(`"activityType":{"name":"${name}"}`) || text.includes(`"activity_type":"${name}"`),
    ).toBe(true);
  });

  test.each(messagesOf('update'))('have the update %s', (name) => {
    expect(text).toContain(`"name":"${name}"`);
  });

  test.each(messagesOf('signal'))('have the signal %s', (name) => {
    expect(text).toContain(`"signalName":"${name}"`);
  });

  // One that begins in the same step in which another one ends is in no history.
  test.each(sessionStatuses)('have the status %s', (status) => {
    expect(text).toContain(`"HarvestState":"${status}"`);
  });

  test.each(eventTypes)('have the event %s', (type) => {
    expect(histories.some(({ emitted }) => emitted.includes(type))).toBe(true);
  });
});
