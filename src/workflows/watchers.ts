/** What runs beside the main loop: the clocks, the start of execs, and the recorder of events that no activity carries. */
import { CancellationScope, condition, isCancellation, sleep } from '@temporalio/workflow';
import { recordEvents } from './activities.ts';
import { clocksOf, nextClock } from './clocks.ts';
import { actOn, canExec } from './beside-the-loop.ts';
import { nextStep } from './decisions.ts';
import { runOneExec } from './run-exec.ts';
import type { SessionRun } from './session-run.ts';

/** After the store refused the workflow's own events. */
const recorderPause = '5s';

export function startWatchers(run: SessionRun): void {
  for (const watch of [watchClocks, watchExecs, recordLoneEvents]) {
    void watch(run).catch((error: unknown) => {
      if (!isCancellation(error)) throw error;
    });
  }
}

/**
 * One lazy timer for all clocks: when it fires, the state decides. It is never cancelled for a turn (I6), only for a clock
 * that acts earlier than the one it was set for.
 */
async function watchClocks(run: SessionRun): Promise<void> {
  const next = (): ReturnType<typeof nextClock> =>
    nextClock(clocksOf(run.data, run.input.options, run.runningExecs.size));
  for (;;) {
    await condition(() => next() !== null);
    const clock = next();
    if (clock === null) continue;
    const remainingMs = clock.atMs - Date.now();
    if (remainingMs <= 0) actOn(run, clock.name);
    else await sleepUnless(() => (next()?.atMs ?? Number.POSITIVE_INFINITY) < clock.atMs, remainingMs);
  }
}

async function sleepUnless(isEarlier: () => boolean, delayMs: number): Promise<void> {
  const timer = new CancellationScope();
  const sleeping = timer
    .run(async () => sleep(delayMs, { summary: 'session clock' }))
    .catch((error: unknown) => {
      if (!isCancellation(error)) throw error;
    });
  await Promise.race([sleeping, condition(isEarlier)]);
  timer.cancel();
  await sleeping;
}

async function watchExecs(run: SessionRun): Promise<void> {
  const { data } = run;
  for (;;) {
    await condition(() => data.pendingExecs.length > 0 && canExec(run));
    // The main loop may have moved on in the same moment.
    const exec = canExec(run) ? data.pendingExecs.shift() : undefined;
    if (exec !== undefined) void runOneExec(run, exec);
  }
}

/** Events wait for the next activity (I6); when the main loop is busy or has nothing to do, none comes soon. */
async function recordLoneEvents(run: SessionRun): Promise<void> {
  const { data } = run;
  const isAlone = (): boolean =>
    run.loop === 'stepping' ||
    (run.loop === 'waiting' && !run.isDone && nextStep(data, run.runningExecs.size).do === 'wait');
  for (;;) {
    await condition(() => data.pendingEvents.length > 0 && isAlone());
    // The main loop may have moved on in the same moment.
    if (!isAlone()) continue;
    run.recording = true;
    const recorded = await run.carrying(recordEvents).then(
      () => true,
      () => false,
    );
    run.recording = false;
    // What could not be recorded now goes with the next activity.
    if (!recorded) await sleep(recorderPause);
  }
}
