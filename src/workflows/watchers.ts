/** What runs beside the main loop: the idle clock, the start of execs, and the recorder of events that no activity carries. */
import { condition, isCancellation, sleep } from '@temporalio/workflow';
import { recordEvents } from './activities.ts';
import { idleRemainingMs, isIdle, nextStep } from './decisions.ts';
import { runOneExec } from './run-exec.ts';
import { askForPause } from './session-data.ts';
import type { SessionRun } from './session-run.ts';

/** After the store refused the workflow's own events. */
const recorderPause = '5s';

export function startWatchers(run: SessionRun): void {
  for (const watch of [watchIdleness, watchExecs, recordLoneEvents]) {
    void watch(run).catch((error: unknown) => {
      if (!isCancellation(error)) throw error;
    });
  }
}

/** One lazy timer: when it fires, the last activity decides; it is never cancelled for a turn (I6). */
async function watchIdleness(run: SessionRun): Promise<void> {
  const { data, input } = run;
  for (;;) {
    await condition(() => data.sandbox !== null && data.asked.pause === 'no');
    const remainingMs = idleRemainingMs(data.lastActivityAt, input.options.idleSeconds, Date.now());
    if (remainingMs > 0) await sleep(remainingMs, { summary: 'idle clock' });
    else if (isIdle(data, run.runningExecs.size)) askForPause(data, 'idle');
    else await condition(() => isIdle(data, run.runningExecs.size));
  }
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

/** New ones would keep a run with a long history from ending: they begin in the next one. */
function canExec(run: SessionRun): boolean {
  const { sandbox, phase } = run.data;
  const isThere = sandbox !== null && sandbox.lostCause === undefined;
  const isOpen = phase.status === 'idle' || phase.status === 'running';
  return isThere && isOpen && !run.closing && !run.shouldContinueAsNew;
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
