/** A worker is told to stop: how long until the next attempts of all its turns have started at another one. */
import { setTimeout as sleep } from 'node:timers/promises';
import { freemem } from 'node:os';
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import type { Session } from '../../src/client.ts';
import { workflowIdOf } from '../../src/contracts/ids.ts';
import type { Figure, Section } from '../figures.ts';
import type { Plan } from '../plan.ts';
import type { Scene, TemporalAddress } from '../scene.ts';

/** The model never answers: the turn runs and costs nothing. */
const runningPrompt = '!hang';
/** Of an agent that waits for its model, with what it needs to start. */
const memoryPerTurn = 400 * 1024 * 1024;
const startedAtOnce = 3;
/** Asking sooner would keep the server from what is measured: it knows the times afterwards. */
const restMs = 3_000;
const patienceMs = 60_000;
const taskQueue = 'bench-hand-over';

type Place = { scene: Scene; temporal: Client; server?: TemporalAddress };
type Times = { startMs: number[]; givenUpMs: number[] };
type Counts = Pick<Plan, 'handOvers' | 'handedOverTurns'>;

/** On sessions and workers of its own, and for the second figure on a Temporal server of its own. */
export async function measureHandOver(scene: Scene, plan: Counts): Promise<Section> {
  const most = Math.min(plan.handedOverTurns, Math.floor(freemem() / memoryPerTurn));
  if (most < 2) throw new Error('too little free memory to run several turns');
  const counts = { ...plan, handedOverTurns: most };
  const embedded = await handOverTimes({ scene, temporal: scene.temporal }, counts);
  const server = await scene.startStockTemporal();
  const stock = await handOverTimes({ scene, temporal: server.client, server }, counts);
  await server.stop();
  const worst = [embedded, stock].map(({ startMs }) => `${Math.round(Math.max(...startMs))} ms`);
  return {
    title: 'A worker told to stop in mid-turn',
    text:
      `From SIGTERM to the start of a turn's next attempt, as the Temporal server recorded it; ${most} turns at once, a second ` +
      `worker polls. The worst took ${worst.join(' and ')}.`,
    figures: [
      ...figuresOf('the embedded Temporal server', embedded, 500),
      ...figuresOf('a stock development server', stock, 1_500),
    ],
  };
}

function figuresOf(what: string, { startMs, givenUpMs }: Times, most: number): Figure[] {
  return [
    { what, unit: 'ms', samples: startMs, aim: { percentile: 'worst', most } },
    {
      what: 'until the server knew that the attempt before had ended',
      unit: 'ms',
      samples: givenUpMs,
      part: true,
    },
  ];
}

/** Of every turn at every hand-over, since SIGTERM. */
async function handOverTimes(place: Place, { handOvers, handedOverTurns }: Counts): Promise<Times> {
  const { scene, server } = place;
  let present = await scene.startWorker(taskQueue, server);
  const sessions = await openTurns(place, handedOverTurns);
  const times: Times = { startMs: [], givenUpMs: [] };
  try {
    for (let done = 0; done < handOvers; done += 1) {
      const next = await scene.startWorker(taskQueue, server);
      await sleep(restMs);
      const before = await attemptsOf(place, sessions);
      const toldAtMs = Date.now();
      await present.stop();
      await sleep(restMs);
      const after = await attemptsOf(place, sessions, before);
      times.startMs.push(...after.map(({ startedAtMs }) => startedAtMs - toldAtMs));
      times.givenUpMs.push(...after.map(({ lastEndedAtMs }) => lastEndedAtMs - toldAtMs));
      present = next;
      const slowest = Math.max(...times.startMs.slice(-after.length));
      scene.log(`${after.length} turns handed over, the last after ${Math.round(slowest)} ms`);
    }
  } finally {
    // A few at a time: ending a sandbox is work, too.
    for (let from = 0; from < sessions.length; from += startedAtOnce) {
      const some = sessions.slice(from, from + startedAtOnce);
      await Promise.all(some.map(async (session) => session.terminate()));
    }
    await present.stop();
  }
  return times;
}

async function openTurns({ scene, server }: Place, count: number): Promise<Session[]> {
  const harvest = await scene.connect(taskQueue, server);
  const sessions: Session[] = [];
  while (sessions.length < count) {
    const some = Math.min(startedAtOnce, count - sessions.length);
    sessions.push(
      ...(await Promise.all(
        Array.from({ length: some }, async () => {
          const session = await scene.newSession(harvest);
          session.prompt(runningPrompt).accepted.catch(() => undefined);
          for await (const event of session.events()) if (event.type === 'turn.started') break;
          return session;
        }),
      )),
    );
  }
  return sessions;
}

type RunningAttempt = { attempt: number; startedAtMs: number; lastEndedAtMs: number };

/** Waits until each turn has a running attempt, the one after `before` if that is given. */
async function attemptsOf(
  { temporal }: Place,
  sessions: readonly Session[],
  before?: readonly RunningAttempt[],
): Promise<RunningAttempt[]> {
  const deadline = Date.now() + patienceMs;
  const attempts: RunningAttempt[] = [];
  for (const [index, session] of sessions.entries()) {
    const wanted = before === undefined ? undefined : (before[index]?.attempt ?? 0) + 1;
    for (;;) {
      const running = await attemptOf(temporal, session);
      if (running !== null && (wanted ?? running.attempt) === running.attempt) {
        attempts.push(running);
        break;
      }
      if (Date.now() > deadline)
        throw new Error(`attempt ${wanted} of ${session.id} does not run: ${JSON.stringify(running)}`);
      await sleep(100);
    }
  }
  return attempts;
}

/** `PENDING_ACTIVITY_STATE_STARTED` of Temporal's API. */
const started = 2;

/** Null while none runs. */
async function attemptOf(temporal: Client, session: Session): Promise<RunningAttempt | null> {
  const { raw } = await temporal.workflow.getHandle(workflowIdOf(session.id)).describe();
  const [info] = raw.pendingActivities ?? [];
  if (info === undefined || Number(info.state) !== started) return null;
  return {
    attempt: info.attempt ?? 0,
    startedAtMs: msOf(info.lastStartedTime),
    lastEndedAtMs: msOf(info.lastAttemptCompleteTime),
  };
}

type Time = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number]['lastStartedTime'];

function msOf(time: Time): number {
  return Number(time?.seconds ?? 0) * 1_000 + (time?.nanos ?? 0) / 1e6;
}
