/** What runs beside the main loop: the idle clock, execs, and the recorder of events that no activity carries. */
import { execEndEventId } from '../contracts/ids.ts';
import { condition, isCancellation, sleep } from '@temporalio/workflow';
import { recordEvents, runExec } from './activities.ts';
import { afterExecLoss, idleRemainingMs, isIdle, nextStep } from './decisions.ts';
import { describeFailure } from './failure.ts';
import { endedKept, remember } from './remember.ts';
import { askForPause } from './session-data.ts';
import type { PendingExec } from './session-data.ts';
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
    if (exec === undefined) continue;
    run.runningExecs.add(exec.id);
    void runOneExec(run, exec);
  }
}

function canExec(run: SessionRun): boolean {
  const { status } = run.data.phase;
  const isThere = run.data.sandbox !== null && run.data.sandbox.lostCause === undefined;
  return isThere && (status === 'idle' || status === 'running') && !run.closing && !run.leaving;
}

async function runOneExec(run: SessionRun, pending: PendingExec): Promise<void> {
  const { falseStarts: _, ...exec } = pending;
  const options = { summary: `exec ${exec.argv.join(' ').slice(0, 100)}` };
  const { sandboxId } = run.sandbox;
  const report = await run
    .inSandbox(async (input) => runExec.executeWithOptions(options, [{ ...input, exec }]))
    .catch((error: unknown) => ({ kind: 'failed' as const, message: describeFailure(error) }));
  // One that is not running any more was given up meanwhile, and whoever waited for it has heard so.
  if (!run.runningExecs.delete(exec.id)) return;
  run.touch();
  if (report.kind === 'failed') return loseExec(run, exec.id, report.message);
  if (report.kind === 'ended') {
    const { outcome, output } = report;
    return remember(run.data.endedExecs, { execId: exec.id, outcome, output }, endedKept);
  }
  const { sandbox } = run.data;
  if (sandbox?.sandboxId === sandboxId) sandbox.lostCause ??= report.cause;
  const next = afterExecLoss(pending, report);
  if (next.do === 'lose') return loseExec(run, exec.id, next.message);
  run.data.pendingExecs.unshift({ ...exec, falseStarts: next.count });
}

/** Execs that will not end any more: whoever waits for one hears so. */
export function loseExecs(run: SessionRun, message: string): void {
  const waiting = run.data.pendingExecs.splice(0).map(({ id }) => id);
  for (const execId of [...waiting, ...run.runningExecs]) loseExec(run, execId, message);
  run.runningExecs.clear();
}

/** The supervisor's record, where there is one, came first and counts. */
function loseExec(run: SessionRun, execId: string, message: string): void {
  const outcome = { status: 'lost', message } as const;
  run.emit(
    { type: 'exec.finished', data: { execId, outcome, durationMs: 0 } },
    { eventId: execEndEventId(execId) },
  );
  remember(run.data.endedExecs, { execId, outcome, output: '' }, endedKept);
  run.touch();
}

/** Events wait for the next activity (I6); when the main loop is busy or has nothing to do, none comes soon. */
async function recordLoneEvents(run: SessionRun): Promise<void> {
  const { data } = run;
  for (;;) {
    await condition(
      () =>
        data.pendingEvents.length > 0 &&
        !run.leaving &&
        (run.busy || nextStep(data, run.runningExecs.size).do === 'wait'),
    );
    run.recording = true;
    // What could not be recorded now goes with the next activity.
    await run.carrying(async (input) => recordEvents(input)).catch(async () => sleep(recorderPause));
    run.recording = false;
  }
}
