/** Execs that will not end any more. */
import { execEndEventId } from '../contracts/ids.ts';
import { endedKept, remember } from './remember.ts';
import type { SessionRun } from './session-run.ts';

/** All of them: whoever waits for one hears so. */
export function loseExecs(run: SessionRun, message: string): void {
  for (const { id } of run.data.pendingExecs.splice(0)) loseExec(run, id, message);
  loseRunningExecs(run, message);
}

/** Those that wait run in the next sandbox. */
export function loseRunningExecs(run: SessionRun, message: string): void {
  for (const execId of run.runningExecs) loseExec(run, execId, message);
  run.runningExecs.clear();
}

/** The supervisor's record, where there is one, came first and counts. */
export function loseExec(run: SessionRun, execId: string, message: string): void {
  const outcome = { status: 'lost', message } as const;
  run.emit(
    { type: 'exec.finished', data: { execId, outcome, durationMs: 0 } },
    { eventId: execEndEventId(execId) },
  );
  remember(run.data.endedExecs, { execId, outcome, output: '' }, endedKept);
  run.touch();
}
