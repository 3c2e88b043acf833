/** Runs one turn in the supervisor, or attaches to it, and reports how it ended. The workflow decides what follows (I1). */
import { bounds } from '../contracts/bounds.ts';
import type { JournalRecord } from '../contracts/supervisor.ts';
import { SandboxLost } from '../sandbox/errors.ts';
import { stayAttached } from './attach.ts';
import type { Attempt } from './attempt.ts';
import type { ActivityDeps } from './deps.ts';
import { letGo } from './interrupt.ts';
import { JournalPump } from './journal-pump.ts';
import { SupervisorAbsent } from './supervisor-client.ts';
import { tail } from './tail.ts';
import type { RunTurnInput, TurnReport } from './types.ts';

/** A lost sandbox and a lost agent are reports, not failures. A repeat attaches (I2). */
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
    const record = await stayAttached({ ...input, deps, sandbox, attempt }, () =>
      pump.stream('/turns', body),
    );
    return await reportOf(record, pump);
  } catch (error) {
    if (error instanceof SandboxLost) {
      return { kind: 'sandbox-lost', cause: error.message, started: await hasStarted(deps, input) };
    }
    if (attempt.cancelRequested()) await letGo(sandbox, turnId);
    throw error;
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
  const [begun] = await deps.store.events.readLast(input.sessionId, { limit: 1, types: ['turn.started'] });
  return begun !== undefined && begun.turnId === input.turnId && begun.generation === input.generation;
}
