/** Sessions from start to end: ready, first turn, pause, restore by a prompt. */
import type { Harvest, Session } from '../../src/client.ts';
import type { SessionEvent } from '../../src/contracts/events.ts';
import type { Figure, Section } from '../figures.ts';
import type { Plan } from '../plan.ts';
import type { Scene } from '../scene.ts';
import { timeTurn } from '../timed-turn.ts';

/** How long it took until a session was ready, in milliseconds, and where that went. */
type Opening = { readyMs: number; createMs: number; supervisorMs: number; repositoryMs: number };

type Lifecycle = {
  start: Opening;
  firstTurnMs: number;
  pauseMs: number;
  restore: Opening;
  restoredTurnMs: number;
};

export async function measureLifecycles(
  scene: Scene,
  harvest: Harvest,
  plan: Pick<Plan, 'lifecycles'>,
): Promise<Section[]> {
  const seen: Lifecycle[] = [];
  for (let index = 0; index < plan.lifecycles; index += 1) {
    seen.push(await liveOnce(scene, harvest));
    scene.log(
      `session ${index + 1} of ${plan.lifecycles}: ready after ${seen.at(-1)?.start.readyMs.toFixed(0)} ms`,
    );
  }
  const figure = (what: string, sample: (one: Lifecycle) => number): Figure => ({
    what,
    unit: 'ms',
    samples: seen.map(sample),
  });
  return [
    {
      title: 'Start and restore',
      text: 'From the call of `createSession`, or of `prompt` to a paused session, to `session.ready` at a follower.',
      figures: [
        ...openingFigures(
          'session start to ready',
          seen.map(({ start }) => start),
        ),
        ...openingFigures(
          'restore to ready',
          seen.map(({ restore }) => restore),
        ),
        figure('pause, the snapshot included', (one) => one.pauseMs),
      ],
    },
    {
      title: 'First agent event of a fresh agent',
      text: 'The agent is warmed up in the background from the moment the session is ready.',
      figures: [
        figure('first turn of a new session, prompted when it is ready', (one) => one.firstTurnMs),
        figure(
          'from the call of `createSession`, both together',
          (one) => one.start.readyMs + one.firstTurnMs,
        ),
        figure('prompt to a paused session', (one) => one.restoredTurnMs),
      ],
    },
  ];
}

async function liveOnce(scene: Scene, harvest: Harvest): Promise<Lifecycle> {
  const startedAt = performance.now();
  const session = await scene.newSession(harvest);
  try {
    const start = await untilReady(session, { after: 0, since: startedAt });
    const { firstEventMs: firstTurnMs } = await timeTurn(scene, session);
    const pausedAt = performance.now();
    await session.pause();
    const pauseMs = performance.now() - pausedAt;
    const promptedAt = performance.now();
    const turn = timeTurn(scene, session);
    const [restore, { firstEventMs: restoredTurnMs }] = await Promise.all([
      untilReady(session, { after: start.seq, since: promptedAt }),
      turn,
    ]);
    return { start, firstTurnMs, pauseMs, restore, restoredTurnMs };
  } finally {
    await session.terminate();
  }
}

/** Follows the session to its next `session.ready` after that `seq`. */
async function untilReady(
  session: Session,
  { after, since }: { after: number; since: number },
): Promise<Opening & { seq: number }> {
  const parts = { createMs: 0, supervisorMs: 0, repositoryMs: 0 };
  for await (const event of session.events({ after })) {
    noteParts(parts, event);
    if (event.type === 'session.ready')
      return { ...parts, readyMs: performance.now() - since, seq: event.seq };
  }
  throw new Error(`session ${session.id} closed before it was ready`);
}

function noteParts(parts: Omit<Opening, 'readyMs'>, event: SessionEvent): void {
  if (event.type === 'repository.ready') parts.repositoryMs = event.data.durationMs;
  if (event.type !== 'sandbox.ready') return;
  parts.createMs = event.data.createMs;
  parts.supervisorMs = event.data.supervisorMs;
}

function openingFigures(what: string, openings: readonly Opening[]): Figure[] {
  const part = (name: string, sample: (opening: Opening) => number): Figure => ({
    what: name,
    unit: 'ms',
    samples: openings.map(sample),
    part: true,
  });
  return [
    {
      what,
      unit: 'ms',
      samples: openings.map(({ readyMs }) => readyMs),
      aim: { percentile: 'p95', most: 1_000 },
    },
    part('sandbox created', ({ createMs }) => createMs),
    part('supervisor uploaded and answering', ({ supervisorMs }) => supervisorMs),
    part('repository cloned, or fetched again', ({ repositoryMs }) => repositoryMs),
    part(
      'the rest: Temporal, restore of the conversation, the way to the follower',
      ({ readyMs, createMs, supervisorMs, repositoryMs }) => readyMs - createMs - supervisorMs - repositoryMs,
    ),
  ];
}
