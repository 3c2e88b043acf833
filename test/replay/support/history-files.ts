/**
 * Recorded histories as files: every run of a session's chain, in Temporal's own JSON, one event a line and keys sorted,
 * so that what changed shows. Owns that nothing of the machine that recorded them is in them.
 */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { Client } from '@temporalio/client';

type RecordedEvent = Readonly<Record<string, unknown>> & { readonly eventType: string };
export type RecordedRun = { workflowId: string; events: readonly RecordedEvent[] };
export type RecordedHistory = {
  /** Types of the session's own events that the story led to: a local activity's input is in no history. */
  emitted: readonly string[];
  runs: readonly RecordedRun[];
};

const historyFolder = join(import.meta.dirname, '..', 'histories');

/**
 * `NAME.json` is the history of the scenario NAME as the sources record it now, `NAME@LABEL.json` one that an earlier
 * build recorded and that sessions in the field may still have.
 */
export function historyNames(): string[] {
  return readdirSync(historyFolder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .sort();
}

export function scenarioOf(historyName: string): string {
  return historyName.split('@', 1)[0] ?? historyName;
}

export function historyPath(name: string): string {
  return join(historyFolder, `${name}.json`);
}

export function readHistory(name: string): RecordedHistory {
  return JSON.parse(readFileSync(historyPath(name), 'utf8')) as RecordedHistory;
}

export function writeHistory(name: string, { emitted, runs }: RecordedHistory): void {
  const texts = runs.map(({ workflowId, events }) => {
    const lines = events.map((event) => JSON.stringify(event)).join(',\n');
    return `{"workflowId":${JSON.stringify(workflowId)},"events":[\n${lines}\n]}`;
  });
  const text = `{"emitted":${JSON.stringify(emitted)},"runs":[\n${texts.join(',\n')}\n]}\n`;
  writeFileSync(historyPath(name), text);
}

/** Every run of a session, the first one first; of one that was reset also the run that was given up. */
export async function fetchRuns(client: Client, workflowId: string): Promise<RecordedRun[]> {
  const { runId: newest, raw } = await client.workflow.getHandle(workflowId).describe();
  const runs: RecordedRun[] = [];
  const known = new Set<string>();
  const starts = [raw.workflowExecutionInfo?.firstRunId ?? newest, newest];
  for (let runId = starts.shift(); runId !== undefined; runId = starts.shift()) {
    if (known.has(runId)) continue;
    known.add(runId);
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    const { events } = JSON.parse(historyToJSON(history)) as { events: RecordedEvent[] };
    runs.push({ workflowId, events: events.map((event) => scrubbed(event) as RecordedEvent) });
    const next = history.events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
    if (typeof next === 'string' && next !== '') starts.unshift(next);
  }
  return runs;
}

/** What a replay does not look at and what differs each time, or tells of the machine. */
const dropped = ['stackTrace', 'taskId', 'requestId', 'workerVersion', 'meteringMetadata'];

/** Keys sorted; without names of processes and machines, and without paths of sources. */
function scrubbed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((entry) => scrubbed(entry));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .filter(([key]) => !dropped.includes(key))
    .map(([key, entry]) => [key, isProcessName(key, value) ? 'worker' : scrubbed(entry)] as const);
  return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** `pid@host`, also in the name of a worker's own queue. */
function isProcessName(key: string, owner: object): boolean {
  if (key === 'identity') return true;
  return key === 'name' && 'kind' in owner && owner.kind === 'TASK_QUEUE_KIND_STICKY';
}
