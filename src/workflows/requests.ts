/** Recording what is asked of a session besides prompts (I1: nothing here acts). */
import type { Accepted, ExecAccepted, ExecRequest, InterruptAccepted } from '../contracts/messages.ts';
import { execHash } from './admission.ts';
import { isSpent } from './budget.ts';
import { begunTurn } from './decisions.ts';
import { remember } from './remember.ts';
import { askForPause, askForSandbox } from './session-data.ts';
import type { SessionRun } from './session-run.ts';
import { tellSpent } from './turn-ends.ts';

export const accepted: Accepted = { accepted: true };

export function recordExec(run: SessionRun, exec: ExecRequest): ExecAccepted {
  const { data } = run;
  if (!data.handledExecs.some((handled) => handled.id === exec.id)) {
    remember(data.handledExecs, { id: exec.id, hash: execHash(exec) });
    data.pendingExecs.push({ ...exec, falseStarts: 0 });
    askForSandbox(data);
    run.touch();
  }
  return { execId: exec.id };
}

/** Also of a turn that is between two sandboxes. */
export function recordInterrupt(run: SessionRun, turnId: string | undefined): InterruptAccepted {
  const turn = begunTurn(run.data);
  if (turn === null || (turnId !== undefined && turnId !== turn.id)) return { turnId: null };
  run.askToStop(turn.id, { kind: 'requested' });
  return { turnId: turn.id };
}

export function recordPause(run: SessionRun, interrupt: boolean): Accepted {
  const { data } = run;
  if (data.phase.status === 'paused') return accepted;
  askForPause(data, 'requested');
  if (interrupt) recordInterrupt(run, undefined);
  return accepted;
}

export function recordResume(run: SessionRun): Accepted {
  askForSandbox(run.data);
  run.touch();
  return accepted;
}

export function recordCheckpoint(run: SessionRun): Accepted {
  run.data.asked.checkpoint = true;
  return accepted;
}

export function recordRewind(run: SessionRun, checkpointId: string): Accepted {
  run.data.asked.rewind = checkpointId;
  // The clock of an idle session begins anew, and a pause for idleness is off.
  if (run.data.asked.pause === 'idle') run.data.asked.pause = 'no';
  run.touch();
  return accepted;
}

export function recordBudget(run: SessionRun, budgetUsd: number | null): Accepted {
  const { data } = run;
  if (budgetUsd === data.budgetUsd) return accepted;
  data.budgetUsd = budgetUsd;
  data.budgetTold = false;
  run.emit({ type: 'session.budget-changed', data: { budgetUsd } });
  tellSpent(run);
  if (data.queue.length > 0 && !isSpent(data)) askForSandbox(data);
  run.touch();
  run.showDetails();
  return accepted;
}

export function recordTerminate(run: SessionRun, discard: boolean): Accepted {
  const { data } = run;
  if (data.phase.status === 'closed') return accepted;
  askToClose(run, discard);
  return accepted;
}

/** `discard` is never taken back by a later `terminate` without it. */
export function askToClose(run: SessionRun, discard: boolean): void {
  if (run.data.asked.close !== 'discard') run.data.asked.close = discard ? 'discard' : 'terminate';
  recordInterrupt(run, undefined);
}
