/** Gathers what a run left, when everything that was going to happen has happened. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { SessionEvent } from '../../src/client.ts';
import { workflowIdOf } from '../../src/contracts/ids.ts';
import type { Evidence } from '../oracle/evidence.ts';
import type { Play } from '../scenario/play.ts';
import type { Follower } from './followers.ts';
import { leaksInFiles, leaksInText } from './leaks.ts';
import { leftoversOf } from './leftovers.ts';
import type { OpenRun } from './open-run.ts';

const patienceMs = 20_000;
/** Of what a session still does after its last event: its snapshots are deleted, its workflow ends. */
const closingMs = 60_000;

export async function collectEvidence(run: OpenRun, sinceMs: number): Promise<Evidence> {
  const { play, blow, stayed, reconnected } = run;
  const end = await within(closingMs + patienceMs, async () => endOf(play), {
    status: 'unknown',
    execution: 'unknown',
    pendingActivities: 0,
  });
  const log = await readLog(play);
  await settled([stayed, reconnected], patienceMs);
  const leftovers = await leftoversOf(play.lane);
  await findLeaks(run, log, sinceMs);
  return {
    run: play.run,
    consequence: blow.consequence,
    strikes: blow.strikes.map(({ afterSeq }) => afterSeq),
    log,
    records: run.records,
    stayed: stayed.seen,
    reconnected: reconnected.seen,
    prompts: play.prompts,
    execs: play.execs,
    pushes: { wanted: play.pushes, seen: pushesOf(play) },
    effects: (effect) => play.lane.effects.count(play.run, effect),
    lastConversation: lastConversationOf(play),
    end,
    leftovers,
    leaks: [...run.leaks],
    errors: run.errors,
  };
}

async function within<T>(limitMs: number, ask: () => Promise<T>, otherwise: T): Promise<T> {
  return Promise.race([ask().catch(() => otherwise), sleep(limitMs, otherwise, { ref: false })]);
}

async function endOf({ lane, run, session }: Play): Promise<Evidence['end']> {
  const { status } = await session.state();
  const handle = lane.client.workflow.getHandle(workflowIdOf(run));
  const describe = async () => handle.describe();
  let described = await describe();
  // The last event is written just before the workflow ends.
  for (
    const deadlineMs = Date.now() + closingMs;
    described.status.name === 'RUNNING' && Date.now() < deadlineMs;
  ) {
    await sleep(100);
    described = await describe();
  }
  return {
    status,
    execution: described.status.name,
    pendingActivities: described.raw.pendingActivities?.length ?? 0,
  };
}

async function readLog({ session }: Play): Promise<SessionEvent[]> {
  const log: SessionEvent[] = [];
  const signal = AbortSignal.timeout(patienceMs / 4);
  try {
    for await (const event of session.events({ signal })) log.push(event);
  } catch {
    // What is missing shows in the checks.
  }
  return log;
}

async function settled(followers: readonly Follower[], limitMs: number): Promise<void> {
  const done = Promise.allSettled(followers.map(async (follower) => follower.done));
  await Promise.race([done, sleep(limitMs, undefined, { ref: false })]);
}

function pushesOf({ lane, run }: Play): number {
  return lane.git.requests.filter(
    ({ repository, operation, advertisement, status }) =>
      repository === run && operation === 'push' && !advertisement && status === 200,
  ).length;
}

/** Of the newest request that holds this run's prompts: every later one holds more. */
function lastConversationOf({ lane, prompts }: Play): string {
  const texts = lane.model.requests
    .filter(({ path }) => path.startsWith('/v1/messages'))
    .map(({ body }) => JSON.stringify(body));
  const last = prompts.findLast(({ endings }) => endings.includes('turn.completed'));
  return texts.findLast((text) => last !== undefined && text.includes(last.mark)) ?? '';
}

async function findLeaks(run: OpenRun, log: readonly SessionEvent[], sinceMs: number): Promise<void> {
  const { play, leaks } = run;
  const { lane } = play;
  const secrets = Object.values(lane.credentials);
  const history = await lane.client.workflow
    .getHandle(workflowIdOf(play.run))
    .fetchHistory()
    .catch(() => null);
  const found = [
    ...leaksInText(secrets, 'the event log', JSON.stringify(log)),
    ...leaksInText(secrets, "the workflow's history", JSON.stringify(history)),
    ...leaksInText(secrets, "a worker's log", lane.workers.tail.join('\n')),
    ...(await leaksInFiles(lane, sinceMs)),
  ];
  for (const leak of found) leaks.add(leak);
}
