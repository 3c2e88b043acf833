/** Checks of the event log and of those who watched it (I5). */
import type { SessionEvent } from '../../src/client.ts';
import type { Evidence } from './evidence.ts';

export function checkLog({ log }: Evidence): string[] {
  const wrong = log.findIndex((event, index) => event.seq !== index + 1);
  if (wrong < 0) return [];
  return [`event ${wrong + 1} of the log has seq ${log[wrong]?.seq}: it is not contiguous and unique`];
}

/** Every event of the agent is in the log, unless it was lost with its sandbox. */
export function checkJournals({ log, records, consequence }: Evidence): string[] {
  if (consequence === 'restart') return [];
  const written = Map.groupBy(
    records.filter(({ what }) => what.startsWith('event.')),
    ({ generation, what }) => `${what.slice('event.'.length)} of generation ${generation}`,
  );
  return [...written].flatMap(([name, { length }]) => {
    const stored = log.filter(
      ({ type, generation }) => `${type} of generation ${generation}` === name,
    ).length;
    return stored >= length ? [] : [`the journal has ${length} events ${name}, the log ${stored}`];
  });
}

/** What ends a prompt for good, one of them and once. */
const terminal: readonly string[] = [
  'turn.completed',
  'turn.interrupted',
  'turn.failed',
  'prompt.cancelled',
  'turn.steered',
];

function promptOf(event: SessionEvent): string | undefined {
  const { promptId } = event.data as { promptId?: unknown };
  return typeof promptId === 'string' ? promptId : event.turnId;
}

export function checkTerminalEvents({ log, prompts }: Evidence): string[] {
  return prompts.flatMap(({ id, endings }) => {
    const ends = log.filter((event) => terminal.includes(event.type) && promptOf(event) === id);
    const types = ends.map(({ type }) => type);
    if (types.length !== 1) return [`prompt ${id} has ${types.length} terminal events: ${types.join(', ')}`];
    const [type = ''] = types;
    if (endings.includes(type)) return [];
    return [
      `prompt ${id} ended with ${JSON.stringify(ends[0]).slice(0, 500)}, not as ${endings.join(' or ')}`,
    ];
  });
}

/** However often it was sent. */
export function checkQueued({ log, prompts }: Evidence): string[] {
  return prompts.flatMap(({ id }) => {
    const queued = log.filter(({ type, turnId }) => type === 'prompt.queued' && turnId === id).length;
    return queued <= 1 ? [] : [`prompt ${id} was queued ${queued} times`];
  });
}

export function checkFollowers({ log, stayed, reconnected }: Evidence): string[] {
  return [
    ...differences(log, stayed).map((sentence) => `the follower that stayed ${sentence}`),
    ...differences(log, reconnected).map((sentence) => `the follower that reconnected ${sentence}`),
  ];
}

function differences(log: readonly SessionEvent[], seen: readonly SessionEvent[]): string[] {
  const different = log.findIndex((event, index) => JSON.stringify(event) !== JSON.stringify(seen[index]));
  if (different >= 0) {
    const saw = JSON.stringify(seen[different] ?? null).slice(0, 200);
    return [`saw ${saw} where the log has ${JSON.stringify(log[different]).slice(0, 200)}`];
  }
  return seen.length > log.length ? [`saw ${seen.length} events of ${log.length}`] : [];
}
