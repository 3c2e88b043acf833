/** What runs beside the main loop: the idle clock, execs, and the recorder of events that no activity carries. */
import { execEndEventId } from '../contracts/ids.ts';
import { condition, isCancellation, sleep } from '@temporalio/workflow';
import type { ExecReport } from '../activities/types.ts';
import type { ExecRequest } from '../contracts/messages.ts';
import { recordEvents, runExec } from './activities.ts';
import { idleRemainingMs, isIdle, nextStep } from './decisions.ts';
import { describeFailure } from './failure.ts';
import { endedKept, remember } from './remember.ts';
import { askForPause } from './session-data.ts';
import type { SessionRun } from './session-run.ts';

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
    const exec = data.pendingExecs.shift();
    if (exec === undefined) continue;
    run.runningExecs.add(exec.id);
    void runOneExec(run, exec);
  }
}

function canExec(run: SessionRun): boolean {
  const { status } = run.data.phase;
  return (
    run.data.sandbox !== null && (status === 'idle' || status === 'running') && run.data.asked.close === 'no'
  );
}

/** Execs that will not run any more: whoever waits for one hears so. */
export function loseExecs(run: SessionRun, message: string): void {
  for (const exec of run.data.pendingExecs.splice(0)) endExec(run, exec, lost(message));
}

function lost(message: string): ExecReport {
  return { outcome: { status: 'lost', message }, output: '' };
}

function endExec(run: SessionRun, exec: ExecRequest, report: ExecReport): void {
  // The supervisor's record, where there is one, came first and counts.
  run.emit(
    { type: 'exec.finished', data: { execId: exec.id, outcome: report.outcome, durationMs: 0 } },
    { eventId: execEndEventId(exec.id) },
  );
  remember(run.data.endedExecs, { execId: exec.id, ...report }, endedKept);
  run.touch();
}

async function runOneExec(run: SessionRun, exec: ExecRequest): Promise<void> {
  try {
    const report = await runExec.executeWithOptions(
      { summary: `exec ${exec.argv.join(' ').slice(0, 100)}` },
      [{ ...run.inSandbox(), session: run.input, exec }],
    );
    remember(run.data.endedExecs, { execId: exec.id, ...report }, endedKept);
    run.touch();
  } catch (error) {
    endExec(run, exec, lost(describeFailure(error)));
  }
  run.runningExecs.delete(exec.id);
}

/** Events wait for the next activity (I6); when the main loop is busy or has nothing to do, none comes soon. */
async function recordLoneEvents(run: SessionRun): Promise<void> {
  const { data } = run;
  for (;;) {
    await condition(
      () =>
        data.pendingEvents.length > 0 && (run.busy || nextStep(data, run.runningExecs.size).do === 'wait'),
    );
    run.recording = true;
    await recordEvents(run.inSession());
    run.recording = false;
  }
}
