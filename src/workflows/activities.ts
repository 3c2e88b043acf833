/** The activity proxies. Beside each: why it may be retried. */
import { ActivityCancellationType, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { ActivityOptions } from '@temporalio/workflow';
import type {
  BuildActivities,
  ExecutionActivities,
  RefreshActivities,
  SessionActivities,
} from '../activities/types.ts';

const common = {
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  // No maximumAttempts: two hand-overs at worker shutdown would use up three attempts.
  // Which failures are not tried again is in the failures (`activities/failures.ts`).
  retry: { initialInterval: '200ms', maximumInterval: '5s' },
} satisfies ActivityOptions;

/** An attempt ends 5 s after its worker died; outages of the server up to 4 s do not end one. */
const watched = { ...common, heartbeatTimeout: '5s' } satisfies ActivityOptions;

/** May retry: the sandbox's name and the ledger find what the attempt before created (I7). */
export const { createSandbox } = proxyActivities<SessionActivities>({
  ...watched,
  // Without limit: while Modal has no room the session waits visibly.
  startToCloseTimeout: '1h',
});

/** May retry: the supervisor attaches a repeated start to the running one (I2). */
export const { startSupervisor } = proxyActivities<SessionActivities>({
  ...watched,
  startToCloseTimeout: '1h',
});

/** May retry: a repeated turn attaches to the running or ended one, and the store skips what it has (I2, I5). */
export const { runTurn } = proxyActivities<SessionActivities>({ ...watched, startToCloseTimeout: '25h' });

/** May retry: an exec id runs once; a repeat attaches (I2). */
export const { runExec } = proxyActivities<SessionActivities>({ ...watched, startToCloseTimeout: '25h' });

/** May retry: the code is one exec, which runs once; a repeat attaches (I2). */
export const { runCode } = proxyActivities<ExecutionActivities>({ ...watched, startToCloseTimeout: '25h' });

/** May retry: interrupting a turn that ended does nothing. */
export const { interruptTurn } = proxyActivities<SessionActivities>({
  ...common,
  startToCloseTimeout: '20s',
  scheduleToCloseTimeout: '2m',
});

/** May retry: what was said is told once (I2). Until it is certain whether it was: the end of its prompt depends on it. */
export const { steerTurn } = proxyActivities<SessionActivities>({ ...watched, startToCloseTimeout: '25h' });

/** May retry: a second snapshot is only a second image. Bounded: without one the carried work is what is restored. */
export const { takeSnapshot } = proxyActivities<SessionActivities>({
  ...watched,
  startToCloseTimeout: '10m',
  scheduleToCloseTimeout: '20m',
});

/** May retry: what was copied is found. */
export const { prepareCheckpoint } = proxyActivities<SessionActivities>({
  ...watched,
  startToCloseTimeout: '10m',
});

/** May retry: ending a sandbox that ended does nothing, and deleting what is deleted neither. */
export const { endSandboxes, closeSession } = proxyActivities<SessionActivities>({
  ...watched,
  startToCloseTimeout: '2m',
  // A provider that stays away does not keep a session from closing: the ledger remembers the sandbox.
  scheduleToCloseTimeout: '30m',
});

/** May retry: an event id is appended once (I5). Local: nothing but a row in the store, one event in the history (I6). */
export const { recordEvents } = proxyLocalActivities<SessionActivities>({
  ...common,
  startToCloseTimeout: '10s',
  scheduleToCloseTimeout: '1m',
});

/** May retry: a build is begun once for each run of the workflow. Bounded: what cannot be had now, the next look asks for. */
export const { beginBuild } = proxyActivities<BuildActivities>({
  ...watched,
  startToCloseTimeout: '10m',
  scheduleToCloseTimeout: '30m',
});

/** May retry: reading files changes nothing. */
export const { planBuild } = proxyActivities<BuildActivities>({
  ...watched,
  startToCloseTimeout: '5m',
  scheduleToCloseTimeout: '15m',
});

/** May retry: a command has a name and runs once; a repeat attaches (I2). Its own time limit is in it. */
export const { runBuildStep } = proxyActivities<BuildActivities>({ ...watched, startToCloseTimeout: '2h' });

/** May retry: what was saved is found, and a second snapshot is only a second image. */
export const { saveBuild } = proxyActivities<BuildActivities>({
  ...watched,
  startToCloseTimeout: '20m',
  scheduleToCloseTimeout: '1h',
});

/** May retry: the first end of a build stays. */
export const { promoteBuild, failBuild } = proxyActivities<BuildActivities>({
  ...common,
  startToCloseTimeout: '30s',
});

/** May retry: it only looks, and deletes what is condemned. Bounded: the schedule comes again. */
export const { checkHeads } = proxyActivities<RefreshActivities>({
  ...watched,
  heartbeatTimeout: '30s',
  startToCloseTimeout: '10m',
  scheduleToCloseTimeout: '20m',
});
