/** A worker is killed in mid-turn: how long until the turn's next event is seen. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Session } from '../../src/client.ts';
import { workflowIdOf } from '../../src/contracts/ids.ts';
import type { StackWorker } from '../../src/dev/stack/worker-process.ts';
import type { Section } from '../figures.ts';
import type { Plan } from '../plan.ts';
import type { Scene } from '../scene.ts';

/** A turn that speaks for longer than any takeover may take. */
const longPrompt = '!stream 3000 20';
const patienceMs = 45_000;
/** What comes so soon after the kill had left the worker before. */
const stillOnTheWayMs = 250;

const taskQueue = 'bench-takeover';

/** On a session and workers of its own. */
export async function measureTakeover(scene: Scene, { kills }: Pick<Plan, 'kills'>): Promise<Section> {
  const standBy: number[] = [];
  const startedAfterwards: number[] = [];
  const startMs: number[] = [];
  let only = await scene.startWorker(taskQueue);
  const session = await scene.newSession(await scene.connect(taskQueue));
  for (let index = 0; index < kills; index += 1) {
    const other = await scene.startWorker(taskQueue);
    const workers = [only, other];
    const killed = await killInTurn(scene, session, { workers });
    standBy.push(killed.nextEventMs);
    only = killed.worker === other ? only : other;
    const startWorker = async (): Promise<void> => {
      const began = performance.now();
      only = await scene.startWorker(taskQueue);
      startMs.push(performance.now() - began);
    };
    const alone = await killInTurn(scene, session, { workers: [only], afterKill: startWorker });
    startedAfterwards.push(alone.nextEventMs);
    scene.log(`next event ${seconds(killed.nextEventMs)} and ${seconds(alone.nextEventMs)} after a kill`);
  }
  await session.terminate();
  await only.stop();
  return {
    title: 'A worker killed in mid-turn',
    text: "From SIGKILL to the turn's next event at a follower.",
    figures: [
      { what: 'a second worker was polling', unit: 'ms', samples: standBy },
      { what: 'a new worker was started afterwards', unit: 'ms', samples: startedAfterwards },
      { what: 'until that one polled', unit: 'ms', samples: startMs, part: true },
    ],
  };
}

type Kill = { worker: StackWorker; nextEventMs: number };

/** Kills the worker that runs the turn, and ends the turn when another one has shown its next event. */
async function killInTurn(
  scene: Scene,
  session: Session,
  { workers, afterKill }: { workers: readonly StackWorker[]; afterKill?: () => Promise<void> },
): Promise<Kill> {
  const turn = session.prompt(longPrompt);
  const speaking = Promise.withResolvers<void>();
  const next = Promise.withResolvers<number>();
  let killedAt = Number.POSITIVE_INFINITY;
  const following = (async () => {
    for await (const event of turn) {
      const sinceKill = performance.now() - killedAt;
      if (event.type === 'agent.text.delta') speaking.resolve();
      if (sinceKill > stillOnTheWayMs) next.resolve(sinceKill);
    }
  })();
  await Promise.race([speaking.promise, following]);
  // At any point between two heartbeats.
  await sleep(500 + Math.random() * 1_000);
  const worker = await workerOf(scene, session, workers);
  killedAt = performance.now();
  await worker.kill();
  await afterKill?.();
  const nextEventMs = await Promise.race([
    next.promise,
    sleep(patienceMs, undefined, { ref: false }).then(() => null),
  ]);
  if (nextEventMs === null) throw new Error(`no event within ${seconds(patienceMs)} of the worker's end`);
  await session.interrupt(turn.turnId);
  await following;
  return { worker, nextEventMs };
}

/** Temporal knows which one runs the turn's activity: a worker's identity begins with its process id. */
async function workerOf(
  scene: Scene,
  session: Session,
  workers: readonly StackWorker[],
): Promise<StackWorker> {
  const { raw } = await scene.temporal.workflow.getHandle(workflowIdOf(session.id)).describe();
  const identities = (raw.pendingActivities ?? []).map(({ lastWorkerIdentity }) => lastWorkerIdentity ?? '');
  const found = workers.find(({ pid }) => identities.some((identity) => identity.startsWith(`${pid}@`)));
  if (found === undefined) throw new Error(`no worker of ours runs the turn: ${identities.join(', ')}`);
  return found;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
