/** What a turn adds to Temporal's history. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Session } from '../../src/client.ts';
import { workflowIdOf } from '../../src/contracts/ids.ts';
import type { Figure, Section } from '../figures.ts';
import type { Plan } from '../plan.ts';
import type { Scene } from '../scene.ts';
import { smallPrompt } from '../timed-turn.ts';

type Size = { events: number; bytes: number };

const settledMs = 500;
const mostEventsPerTurn = 18;

export async function measureHistory(
  scene: Scene,
  session: Session,
  { smallTurns, manyEvents }: Pick<Plan, 'smallTurns' | 'manyEvents'>,
): Promise<Section> {
  const small: Size[] = [];
  for (let index = 0; index < smallTurns; index += 1) small.push(await grownBy(scene, session, smallPrompt));
  const many = await grownBy(scene, session, `!stream ${manyEvents}`);
  const count = manyEvents.toLocaleString('en');
  const figures = (what: string, sizes: readonly Size[]): Figure[] => [
    {
      what: `${what}: history events`,
      unit: 'events',
      samples: sizes.map(({ events }) => events),
      aim: { percentile: 'p95', most: mostEventsPerTurn },
    },
    { what: `${what}: history size`, unit: 'KiB', samples: sizes.map(({ bytes }) => bytes / 1_024) },
  ];
  return {
    title: 'Temporal history of a turn',
    text: 'As `describe` tells it.',
    figures: [...figures('small turn', small), ...figures(`turn of ${count} agent events`, [many])],
  };
}

async function grownBy(scene: Scene, session: Session, prompt: string): Promise<Size> {
  const before = await settled(scene, session);
  const { status } = await session.prompt(prompt).result();
  if (status !== 'completed') throw new Error(`the turn was ${status}`);
  const after = await settled(scene, session);
  return { events: after.events - before.events, bytes: after.bytes - before.bytes };
}

/** The last workflow task of a turn ends after the turn's last event. */
async function settled(scene: Scene, session: Session): Promise<Size> {
  let last: Size = { events: 0, bytes: 0 };
  for (;;) {
    const { historyLength, historySize = 0 } = await scene.temporal.workflow
      .getHandle(workflowIdOf(session.id))
      .describe();
    if (historyLength === last.events) return last;
    last = { events: historyLength, bytes: historySize };
    await sleep(settledMs);
  }
}
