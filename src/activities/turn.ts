/** Runs one turn in the supervisor, or attaches to it, and reports how it ended. The workflow decides what follows (I1). */
import type { SessionInput } from '../contracts/session-input.ts';
import { bounds } from '../contracts/bounds.ts';
import type { JournalRecord } from '../contracts/supervisor.ts';
import { SandboxLost } from '../sandbox/errors.ts';
import type { Sandbox } from '../sandbox/provider.ts';
import type { Attempt } from './attempt.ts';
import type { ActivityDeps } from './deps.ts';
import { JournalPump } from './journal-pump.ts';
import { postStart } from './start.ts';
import { SupervisorAbsent, SupervisorRefused, ask, waitForSupervisor } from './supervisor-client.ts';
import { tail } from './tail.ts';
import type { InterruptTurnInput, RunTurnInput, TurnReport } from './types.ts';

/** A supervisor that does not come back in this time ends the attempt; the next one tries again. */
const supervisorPatienceSeconds = 60;

export async function runTurn(
  deps: ActivityDeps,
  input: RunTurnInput,
  attempt: Attempt,
): Promise<TurnReport> {
  const { sessionId, generation, turnId, text, continuation, notice } = input;
  const sandbox = await deps.provider.attach(input.sandboxId);
  const pump = new JournalPump({
    deps,
    sandbox,
    sessionId,
    generation,
    signal: attempt.signal,
    onProgress: (cursor) => attempt.report({ journal: cursor }),
  });
  const body = { turnId, text, continuation, ...(notice === undefined ? {} : { notice }) };
  try {
    const record = await insist({ ...input, deps, sandbox, attempt }, () => pump.stream('/turns', body));
    return await reportOf(record, pump);
  } catch (error) {
    if (error instanceof SandboxLost) {
      return { kind: 'sandbox-lost', cause: error.message, started: await hasStarted(deps, input) };
    }
    if (attempt.cancelRequested()) await letGo(sandbox, turnId);
    throw error;
  }
}

export type Insisting = {
  deps: ActivityDeps;
  session: SessionInput;
  generation: number;
  sandbox: Sandbox;
  attempt: Attempt;
};

/** Repeats a request over cuts and restarts of the supervisor; a restarted one is given `/start` again first. */
export async function insist<T>(context: Insisting, send: () => Promise<T>): Promise<T> {
  const { deps, attempt, sandbox } = context;
  for (;;) {
    attempt.signal.throwIfAborted();
    try {
      return await send();
    } catch (error) {
      const unstarted = error instanceof SupervisorRefused && error.error === 'not-started';
      if (!unstarted && !(error instanceof SupervisorAbsent)) throw error;
      deps.log('attaching to the supervisor again', { sandboxId: sandbox.sandboxId, cause: String(error) });
      const status = await waitForSupervisor(sandbox, {
        timeoutSeconds: supervisorPatienceSeconds,
        signal: attempt.signal,
      });
      if (!status.started) await postStart(deps, context, attempt);
    }
  }
}

async function reportOf(record: JournalRecord | null, pump: JournalPump): Promise<TurnReport> {
  if (record?.kind === 'turn.lost') {
    return { kind: 'agent-lost', cause: record.cause, losses: record.losses, message: record.message };
  }
  if (record?.kind !== 'turn.ended') throw new SupervisorAbsent('the turn ended without its record');
  return {
    kind: 'ended',
    outcome: record.outcome,
    answer: tail(record.answer, bounds.answerTailBytes),
    totals: record.totals,
    checkpoint: await pump.checkpointOf(record),
  };
}

/** Whether the turn had begun in this generation, as far as the journal came out of the sandbox. */
async function hasStarted(deps: ActivityDeps, input: RunTurnInput): Promise<boolean> {
  let after = 0;
  for (;;) {
    const events = await deps.store.events.read(input.sessionId, {
      after,
      limit: 1_000,
      types: ['turn.started'],
    });
    if (events.some((event) => event.turnId === input.turnId && event.generation === input.generation))
      return true;
    const last = events.at(-1);
    if (last === undefined) return false;
    after = last.seq;
  }
}

/** The activity was cancelled: nobody waits for the turn any more, so the agent stops too. */
async function letGo(sandbox: Sandbox, turnId: string): Promise<void> {
  await ask(sandbox, {
    path: '/interrupt',
    body: JSON.stringify({ turnId }),
    signal: AbortSignal.timeout(5_000),
  }).catch(() => undefined);
}

/** Asks until the supervisor took it: the turn may still be on its way there. A turn that ended is left alone. */
export async function interruptTurn(
  deps: ActivityDeps,
  input: InterruptTurnInput,
  signal: AbortSignal,
): Promise<void> {
  const sandbox = await deps.provider.attach(input.sandboxId);
  while (!signal.aborted) {
    try {
      const answer = await ask(sandbox, {
        path: '/interrupt',
        body: JSON.stringify({ turnId: input.turnId }),
        signal,
      });
      if (isInterrupted(JSON.parse(answer.toString('utf8')))) return;
    } catch (error) {
      if (error instanceof SandboxLost) return;
      if (!(error instanceof SupervisorAbsent || error instanceof SupervisorRefused)) throw error;
    }
    if (await hasEnded(deps, input)) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function isInterrupted(answer: unknown): boolean {
  return (
    typeof answer === 'object' && answer !== null && 'interrupted' in answer && answer.interrupted === true
  );
}

async function hasEnded(deps: ActivityDeps, input: InterruptTurnInput): Promise<boolean> {
  return (await deps.store.checkpoints.find(input.sessionId, `turn-${input.turnId}`)) !== null;
}
