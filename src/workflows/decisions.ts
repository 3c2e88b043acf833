/** What the session does next, and how it goes on after a loss: state in, decision out. Nothing here acts. */
import { bounds } from '../contracts/bounds.ts';
import type { TurnFailure } from '../contracts/turn.ts';
import { isSpent } from './budget.ts';
import type { PendingExec, QueuedPrompt, SessionData } from './session-data.ts';

export type Step =
  | { do: 'close' }
  | { do: 'pause'; reason: 'requested' | 'idle' }
  | { do: 'open'; reason: 'start' | 'requested' | 'prompt' | 'exec' | 'sandbox-lost' }
  /** Let go of a sandbox that is known to be lost. */
  | { do: 'lose'; cause: string }
  | { do: 'turn'; prompt: QueuedPrompt }
  | { do: 'checkpoint' }
  | { do: 'rewind'; checkpointId: string }
  | { do: 'rollover' }
  | { do: 'wait' };

/** The order of the cases is the order of precedence. */
export function nextStep(data: SessionData, runningExecs: number): Step {
  if (data.asked.close !== 'no') return { do: 'close' };
  if (data.phase.status === 'starting') return { do: 'open', reason: 'start' };
  if (data.sandbox?.lostCause !== undefined) return { do: 'lose', cause: data.sandbox.lostCause };
  // A turn that has begun goes first: a pause waits for turns.
  const midTurn = data.queue[0]?.startedAt !== undefined;
  if (data.asked.rewind !== null && !midTurn)
    return runningExecs > 0 ? { do: 'wait' } : { do: 'rewind', checkpointId: data.asked.rewind };
  if (data.asked.pause !== 'no' && !midTurn) {
    // Execs end by themselves (they have a time limit); pausing under them would lose their work. One that was taken
    // before begins at once where there is a sandbox.
    const canBegin = data.sandbox !== null && data.asked.rollover === 'no';
    const execs = runningExecs + (canBegin ? data.pendingExecs.length : 0);
    return execs > 0 ? { do: 'wait' } : { do: 'pause', reason: data.asked.pause };
  }
  if (data.sandbox === null) {
    return data.asked.resume || midTurn ? { do: 'open', reason: openReason(data) } : { do: 'wait' };
  }
  if (rollsOver(data, runningExecs)) return { do: 'rollover' };
  if (data.asked.checkpoint) return { do: 'checkpoint' };
  const prompt = data.queue[0];
  if (prompt === undefined || (isSpent(data) && !midTurn)) return { do: 'wait' };
  return { do: 'turn', prompt };
}

/** The sandbox comes to its end: it is left when no exec runs, and in time whatever runs. */
export function rollsOver({ asked }: SessionData, runningExecs: number): boolean {
  return asked.rollover === 'now' || (asked.rollover === 'soon' && runningExecs === 0);
}

function openReason({ phase, pendingExecs, queue }: SessionData): Extract<Step, { do: 'open' }>['reason'] {
  if (phase.status !== 'paused') return 'sandbox-lost';
  if (pendingExecs.length > 0) return 'exec';
  return queue.length > 0 ? 'prompt' : 'requested';
}

export type AfterLoss = { do: 'again'; count: number } | { do: 'fail'; failure: TurnFailure };

/** The turn that has begun and not ended, whether or not a sandbox is there for it now. */
export function begunTurn({ queue }: SessionData): QueuedPrompt | null {
  const [prompt] = queue;
  return prompt?.startedAt === undefined ? null : prompt;
}

/** Null between two turns: the session stays `running`, and the first of them has ended. */
export function runningTurnId({ phase, queue }: SessionData): string | null {
  return phase.status === 'running' && queue[0]?.id === phase.turnId ? phase.turnId : null;
}

/** I2: the agent process or the supervisor died in mid-turn. */
export function afterAgentLoss(losses: number, message: string): AfterLoss {
  if (losses <= bounds.turnContinuations) return { do: 'again', count: losses };
  return {
    do: 'fail',
    failure: { kind: 'agent', message: `the agent died ${losses} times in this turn: ${message}` },
  };
}

/** I4: the sandbox was lost in mid-turn, or (`started` false) before the supervisor had taken the turn. */
export function afterSandboxLoss(prompt: QueuedPrompt, cause: string, started: boolean): AfterLoss {
  const count = (started ? prompt.restarts : prompt.falseStarts) + 1;
  if (count <= bounds.turnRestarts) return { do: 'again', count };
  return {
    do: 'fail',
    failure: { kind: 'sandbox', message: `the sandbox was lost ${count} times in this turn: ${cause}` },
  };
}

export type AfterExecLoss = { do: 'again'; count: number } | { do: 'lose'; message: string };

/** The sandbox was lost under an exec. A command that may have begun is never run again. */
export function afterExecLoss(
  exec: PendingExec,
  { cause, started }: { cause: string; started: boolean },
): AfterExecLoss {
  if (started) return { do: 'lose', message: cause };
  const count = exec.falseStarts + 1;
  if (count <= bounds.execRestarts) return { do: 'again', count };
  return { do: 'lose', message: `the sandbox was lost ${count} times before this command began: ${cause}` };
}

/** What the agent is told when its turn runs again from a checkpoint (I4). */
export function restartNotice({
  checkpointId,
  midTurn,
}: {
  checkpointId: string | null;
  midTurn: boolean;
}): string {
  const point = midTurn
    ? 'the point where the sandbox before it was left'
    : checkpointId === null
      ? 'the beginning of the session'
      : 'the end of the previous turn';
  return (
    `[Harvest] The sandbox was lost while you worked on the following request. Files and conversation are back at ${point}; ` +
    'what you did since then in the sandbox is gone, but what you pushed or sent elsewhere is not. ' +
    'Check what is already done before you do it again.'
  );
}

export function isIdle(data: SessionData, runningExecs: number): boolean {
  return (
    data.phase.status === 'idle' &&
    // What waits for a raised budget waits for people.
    (data.queue.length === 0 || isSpent(data)) &&
    data.pendingExecs.length === 0 &&
    runningExecs === 0
  );
}
