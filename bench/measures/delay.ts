/** From the model's byte to the follower, through CLI, supervisor, journal, exec, worker, store and doorbell. */
import type { Session } from '../../src/client.ts';
import type { Section } from '../figures.ts';
import type { Plan } from '../plan.ts';
import type { Scene } from '../scene.ts';

/** Slower than the supervisor joins pieces, so that each piece is an event and waits as long as one can. */
const betweenMs = 25;

export async function measureDelay(
  scene: Scene,
  session: Session,
  { pieces }: Pick<Plan, 'pieces'>,
): Promise<Section> {
  scene.relay.forget();
  const seen: { text: string; atMs: number; sinceJournalMs: number }[] = [];
  for await (const event of session.prompt(`!stream ${pieces} ${betweenMs}`)) {
    if (event.type !== 'agent.text.delta') continue;
    const sinceJournalMs = Date.now() - Date.parse(event.at);
    seen.push({ text: event.data.text, atMs: performance.now(), sinceJournalMs });
  }
  const leftAt = new Map(scene.relay.pieces.map(({ text, atMs }) => [text.trim(), atMs]));
  const delays = seen.flatMap(({ text, atMs }) =>
    text
      .trim()
      .split(/\s+/)
      .map((number) => atMs - (leftAt.get(number) ?? Number.NaN)),
  );
  if (delays.length !== pieces || delays.some(Number.isNaN)) throw new Error('pieces of the stream are lost');
  return {
    title: 'Delay',
    text: `Pieces of text ${betweenMs} ms apart, so that each waits the 10 ms in which the supervisor joins them.`,
    figures: [
      {
        what: "from the model's byte to the follower",
        unit: 'ms',
        samples: delays,
        aim: { percentile: 'p99', most: 25 },
      },
      {
        what: "from the supervisor's journal record (`at`, whole ms) to the follower",
        unit: 'ms',
        samples: seen.map(({ sinceJournalMs }) => sinceJournalMs),
        part: true,
      },
    ],
  };
}
