/** Resident memory of a worker of its own, with idle sessions open. */
import { setTimeout as sleep } from 'node:timers/promises';
import { freemem } from 'node:os';
import type { Harvest, Session } from '../../src/client.ts';
import type { Figure, Section } from '../figures.ts';
import type { Plan } from '../plan.ts';
import { residentMiB } from '../resident-memory.ts';
import type { Scene } from '../scene.ts';

const taskQueue = 'bench-memory';
/** Each idle session keeps a warm agent of about 220 MB in its sandbox. */
const memoryPerSession = 400 * 1024 * 1024;
const startedAtOnce = 2;
const restMs = 3_000;
const looks = 5;

export async function measureMemory(
  scene: Scene,
  { openSessions }: Pick<Plan, 'openSessions'>,
): Promise<Section> {
  const most = Math.min(openSessions, Math.floor(freemem() / memoryPerSession));
  if (most < 2) throw new Error('too little free memory to open several sessions');
  const { pid } = await scene.startWorker(taskQueue);
  const harvest = await scene.connect(taskQueue);
  const sessions: Session[] = [];
  const figures = [await memoryOf(pid, 0)];
  try {
    for (const count of [1, most]) {
      while (sessions.length < count) {
        const some = Math.min(startedAtOnce, count - sessions.length);
        sessions.push(
          ...(await Promise.all(Array.from({ length: some }, async () => opened(scene, harvest)))),
        );
      }
      figures.push(await memoryOf(pid, count));
      scene.log(`worker with ${count} idle sessions: ${figures.at(-1)?.samples[0]?.toFixed(0)} MiB`);
    }
  } finally {
    await Promise.all(sessions.map(async (session) => session.terminate()));
  }
  return {
    title: "A worker's memory",
    text: 'Resident set of a worker that just started, with idle sessions. At its start it bundles the workflows, which leaves garbage.',
    figures,
  };
}

async function opened(scene: Scene, harvest: Harvest): Promise<Session> {
  const session = await scene.newSession(harvest);
  for await (const event of session.events()) if (event.type === 'session.ready') return session;
  throw new Error(`session ${session.id} closed before it was ready`);
}

async function memoryOf(pid: number, sessions: number): Promise<Figure> {
  await sleep(restMs);
  const samples: number[] = [];
  for (let look = 0; look < looks; look += 1) {
    samples.push(await residentMiB(pid));
    await sleep(200);
  }
  return { what: `${sessions} session${sessions === 1 ? '' : 's'} open`, unit: 'MiB', samples };
}
