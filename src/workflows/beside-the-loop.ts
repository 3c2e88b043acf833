/** What is begun beside the main loop: what a clock does when it acts, and whether a command may begin. Nothing here waits. */
import type { ClockName } from './clocks.ts';
import { begunTurn, isIdle } from './decisions.ts';
import { askForPause } from './session-data.ts';
import type { SessionRun } from './session-run.ts';

/** Each takes away what its clock runs on. */
export function actOn(run: SessionRun, clock: ClockName): void {
  const { data, input } = run;
  switch (clock) {
    case 'pausesAt':
      return askForPause(data, 'idle');
    case 'turnEndsAt':
      return endOverTime(run, input.options.turnSeconds);
    case 'rollsOverAt':
      // Nothing would be carried over but the right to go on waiting.
      if (isIdle(data, run.runningExecs.size) && data.asked.pause === 'no') askForPause(data, 'idle');
      data.asked.rollover = data.asked.rollover === 'no' ? 'soon' : 'now';
      return;
    case 'closesAt':
      data.asked.close = 'expire';
  }
}

function endOverTime(run: SessionRun, turnSeconds: number): void {
  const turn = begunTurn(run.data);
  if (turn === null) return;
  turn.overTime = true;
  const message = `the turn took longer than its limit of ${turnSeconds} seconds`;
  run.askToStop(turn.id, { kind: 'limit', message });
}

/** New ones would keep a run with a long history from ending: they begin in the next one. */
export function canExec(run: SessionRun): boolean {
  const { sandbox, phase } = run.data;
  const isThere = sandbox !== null && sandbox.lostCause === undefined;
  const isOpen = phase.status === 'idle' || phase.status === 'running';
  const stays = run.data.asked.rollover === 'no' && run.data.asked.rewind === null;
  return isThere && isOpen && stays && !run.closing && !run.shouldContinueAsNew;
}
