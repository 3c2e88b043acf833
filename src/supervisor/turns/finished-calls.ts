/**
 * The agent writes its transcript some 100 ms behind what it does, so a tool call that ended just before the agent was
 * killed is unknown to the conversation that is resumed. The journal knows it: the agent is told, lest it does it again.
 */
import type { EventBody } from '../../contracts/events.ts';
import { journalRecordSchema } from '../../contracts/supervisor.ts';
import type { TranscriptEntry } from '../../contracts/transcript.ts';
import type { Journal } from '../journal/journal.ts';
import { linesOf } from '../journal/lines.ts';

export type FinishedCall = { toolUseId: string; name: string; input: unknown; output: string };

const callsTold = 20;
const partCharacters = 500;

/** The calls of that turn that ended, as far as the journal has them from byte `from` on. */
export async function finishedCalls(
  journal: Journal,
  { turnId, from }: { turnId: string; from: number },
): Promise<FinishedCall[]> {
  const started = new Map<string, Extract<EventBody, { type: 'tool.started' }>['data']>();
  const finished: FinishedCall[] = [];
  for await (const { line } of linesOf(journal, from)) {
    if (!line.includes('"type":"tool.')) continue;
    const record = journalRecordSchema.parse(JSON.parse(line));
    if (record.kind !== 'event' || record.turnId !== turnId) continue;
    const { event } = record;
    if (event.type === 'tool.started') started.set(event.data.toolUseId, event.data);
    if (event.type !== 'tool.finished') continue;
    const { toolUseId, output } = event.data;
    const call = started.get(toolUseId);
    if (call !== undefined) finished.push({ toolUseId, name: call.name, input: call.input, output });
  }
  return finished;
}

/** One line for each call whose result the transcript does not hold; empty when it holds them all. */
export function tellFinishedCalls(
  calls: readonly FinishedCall[],
  entries: readonly TranscriptEntry[],
): string {
  const known = entries
    .filter(({ type }) => type === 'user')
    .map((entry) => JSON.stringify(entry['message']));
  const unknown = calls.filter(({ toolUseId }) => !known.some((message) => message?.includes(toolUseId)));
  return unknown
    .slice(-callsTold)
    .map(
      ({ name, input, output }) =>
        `\n[Harvest] This had finished: ${name} ${part(input)}, with ${part(output)}`,
    )
    .join('');
}

function part(value: unknown): string {
  const json = JSON.stringify(value) ?? '';
  return json.length > partCharacters ? `${json.slice(0, partCharacters)}…` : json;
}
