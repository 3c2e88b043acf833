/** One run's own things in its lane: session, followers, whoever sees its points and looks for credentials. */
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Harvest } from '../../src/client.ts';
import { workflowIdOf } from '../../src/contracts/ids.ts';
import { runningContainers } from '../lane/containers.ts';
import { templateRepository } from '../lane/lane.ts';
import type { Lane } from '../lane/lane.ts';
import { Points } from '../points/points.ts';
import { watchHistory } from '../points/watch-history.ts';
import { watchJournals } from '../points/watch-journals.ts';
import type { SeenRecord } from '../points/watch-journals.ts';
import { Random } from '../random.ts';
import type { Play } from '../scenario/play.ts';
import { Blow } from './blow.ts';
import { followReconnecting, followStaying } from './followers.ts';
import type { Follower } from './followers.ts';
import { leaksInArguments } from './leaks.ts';
import type { RunOptions } from './run-options.ts';
import { SituationReader } from './situation.ts';

const argumentsLookMs = 1_000;

export type OpenRun = AsyncDisposable & {
  play: Play;
  points: Points;
  blow: Blow;
  stayed: Follower;
  reconnected: Follower;
  /** Where credentials were seen so far. */
  leaks: Set<string>;
  /** Of everything that went wrong beside what the oracle sees. */
  errors: string[];
  /** Of the journals, as the supervisors wrote them. */
  records: readonly SeenRecord[];
  enterStep(name: string): Promise<void>;
};

export async function openRun({ lane, run, seed, aim }: RunOptions): Promise<OpenRun> {
  await using opened = new AsyncDisposableStack();
  await lane.workers.ensureOne();
  const play = await openPlay(lane, run, aim?.fault.sessionOptions ?? {});
  opened.defer(async () => play.harvest.close());
  const watch = new AbortController();
  opened.defer(() => watch.abort());
  const situation = new SituationReader();
  let step = '';
  const points = new Points(() => {
    const containers = runningContainers(lane.containersDirectory);
    return { step, state: situation.state, sandboxAlive: containers.length > 0 };
  });
  const stayed = followStaying(play.session, watch.signal, (event) => situation.read(event));
  const reconnected = followReconnecting(play.session, watch.signal, new Random(seed, run));
  const errors: string[] = [];
  for (const [who, follower] of Object.entries({ stayed, reconnected })) {
    follower.done.catch((error: unknown) => errors.push(`the follower that ${who} failed: ${String(error)}`));
  }
  const blow = new Blow(aim);
  blow.arm(points, play, () => stayed.seen.length);
  const leaks = new Set<string>();
  void lookAtArguments(lane, leaks, watch.signal);
  const records: SeenRecord[] = [];
  watchPoints({ lane, run, points, records, signal: watch.signal });
  await lane.modal.strike({ fault: 'announce', url: lane.gatekeeper.url });
  opened.defer(async () => {
    lane.gatekeeper.serve(null);
    lane.model.faults.clear();
    await lane.modal.strike({ fault: 'clear' });
  });
  const parts = opened.move();
  return {
    play,
    points,
    blow,
    stayed,
    reconnected,
    leaks,
    errors,
    records,
    enterStep: async (name) => {
      await points.quiet();
      step = name;
      await points.reach('step', 'begins');
    },
    [Symbol.asyncDispose]: async () => parts.disposeAsync(),
  };
}

async function openPlay(lane: Lane, run: string, options: Play['options']): Promise<Play> {
  const bare = (name: string): string => join(lane.git.directory, `${name}.git`);
  await cp(bare(templateRepository), bare(run), { recursive: true });
  const { address, namespace } = lane.temporal;
  const { dataDirectory, taskQueue } = lane;
  const harvest = await Harvest.connect({ temporal: { address, namespace }, dataDirectory, taskQueue });
  const repository = lane.git.cloneUrl(run);
  const session = harvest.session(run);
  return { lane, harvest, run, repository, options, session, prompts: [], execs: [], pushes: 0 };
}

function watchPoints(options: {
  lane: Lane;
  run: string;
  points: Points;
  records: SeenRecord[];
  signal: AbortSignal;
}): void {
  const { lane, run, points, records, signal } = options;
  lane.gatekeeper.serve(points);
  void watchJournals({
    containersDirectory: lane.containersDirectory,
    signal,
    onRecord: (record) => {
      records.push(record);
      void points.reach('record', record.what);
    },
  });
  void watchHistory({
    client: lane.client,
    workflowId: workflowIdOf(run),
    signal,
    onEvent: (type) => void points.reach('history', type),
  });
}

async function lookAtArguments(lane: Lane, leaks: Set<string>, signal: AbortSignal): Promise<void> {
  const secrets = Object.values(lane.credentials);
  while (!signal.aborted) {
    for (const leak of leaksInArguments(secrets)) leaks.add(leak);
    await sleep(argumentsLookMs, undefined, { signal }).catch(() => undefined);
  }
}
