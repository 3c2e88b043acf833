/** How the session's state changes with its sandbox: what is certain once a step of the main loop has come so far. Nothing here acts. */
import type { EventBody } from '../contracts/events.ts';
import type { RepositoryHead } from '../contracts/checkpoint.ts';
import { begunTurn, nextStep } from './decisions.ts';
import { loseExecs, loseRunningExecs } from './lose-execs.ts';
import type { LiveSandbox } from './session-data.ts';
import type { SessionRun } from './session-run.ts';
import { failPrompts } from './turn-ends.ts';

export type ReopenReason = Extract<EventBody, { type: 'session.resuming' }>['data']['reason'];

export function beginOpening(run: SessionRun, reason: ReopenReason | 'start'): void {
  if (reason !== 'start') {
    run.setPhase({ status: 'resuming' });
    run.emit({ type: 'session.resuming', data: { reason } });
  }
  // What asks from now on asks for what comes after a pause that waits.
  run.data.asked.resume = false;
}

export function becomeLive(run: SessionRun, sandbox: LiveSandbox, heads: RepositoryHead[]): void {
  run.data.sandbox = sandbox;
  run.data.heads = heads;
  run.touch();
  run.setPhase({ status: 'idle' });
}

/** A session that cannot be brought back keeps everything it has: what asked for it fails. */
export function stayPaused(run: SessionRun, message: string): void {
  const { data } = run;
  data.sandbox = null;
  failPrompts(run, { kind: 'start', message });
  loseExecs(run, message);
  data.asked.resume = false;
  data.asked.pause = 'no';
  run.emit({ type: 'session.restore-failed', data: { message } });
}

export function beginPausing(run: SessionRun, reason: 'requested' | 'idle'): void {
  run.setPhase({ status: 'pausing' });
  run.emit({ type: 'session.pausing', data: { reason } });
}

export function becomePaused(run: SessionRun): void {
  const { data } = run;
  leaveSandbox(run);
  data.asked.pause = 'no';
  data.asked.checkpoint = false;
  run.emit({ type: 'session.paused', data: { checkpointId: data.checkpoint?.checkpointId ?? null } });
  run.setPhase({ status: 'paused' });
}

/** It was ended, on purpose. */
export function leaveSandbox(run: SessionRun): void {
  const { data } = run;
  const { sandbox } = data;
  data.sandbox = null;
  data.asked.rollover = 'no';
  if (sandbox !== null) run.emit({ type: 'sandbox.ended', data: { sandboxId: sandbox.sandboxId } });
}

/** The next one takes over, also when nothing waits for it; unless the session is to pause. */
export function loseSandbox(run: SessionRun, cause: string): void {
  const { sandboxId } = run.sandbox;
  const { asked } = run.data;
  run.data.sandbox = null;
  asked.rollover = 'no';
  asked.resume ||= asked.pause === 'no';
  run.emit({ type: 'sandbox.lost', data: { sandboxId, cause } });
}

/** Between two turns the session stays `running` (I6); when the next one does not come after all, it is idle. */
export function settlePhase(run: SessionRun): void {
  const { data } = run;
  const isOver = data.phase.status === 'running' && begunTurn(data) === null && data.sandbox !== null;
  if (isOver && nextStep(data, run.runningExecs.size).do === 'wait') run.setPhase({ status: 'idle' });
}

/** The sandbox of the generation before was ended at the end of its life. */
export function leaveForRollover(run: SessionRun): void {
  leaveSandbox(run);
  loseRunningExecs(run, 'the sandbox came to the end of its life before this command ended');
}

/** A turn that was suspended goes on in the generation that is live now. */
export function continueAfterRollover(run: SessionRun): void {
  const turn = begunTurn(run.data);
  if (turn === null) return;
  const { id: turnId, continuations: count } = turn;
  run.emit({ type: 'turn.continued', data: { cause: 'rollover', count } }, { turnId });
}
