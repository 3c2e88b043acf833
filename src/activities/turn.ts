/** Runs one turn in the supervisor, or attaches to it, and reports how it ended. The workflow decides what follows (I1). */
import { bounds } from '../contracts/bounds.ts';
import type { JournalRecord, TurnRequest } from '../contracts/supervisor.ts';
import { textTail } from '../contracts/text-tail.ts';
import { SandboxLost } from '../sandbox/errors.ts';
import type { Sandbox } from '../sandbox/provider.ts';
import { stayAttached } from './attach.ts';
import type { Attempt } from './attempt.ts';
import type { ActivityDeps } from './deps.ts';
import { letGo } from './interrupt.ts';
import { JournalPump } from './journal-pump.ts';
import { agentFallsSilent } from './silence.ts';
import { SupervisorAbsent } from './supervisor-client.ts';
import { hasStarted, steeredInLog, stoppedInStore } from './turn-in-store.ts';
import type { RunTurnInput, TurnReport } from './types.ts';

/** The smallest sum that can be asked for: less than nothing is left of the session's budget only by a rounding. */
const smallestBudgetUsd = 1e-6;

/** A lost sandbox, a lost agent and a silent one are reports, not failures. A repeat attaches (I2). */
export async function runTurn(
  deps: ActivityDeps,
  input: RunTurnInput,
  attempt: Attempt,
): Promise<TurnReport> {
  const sandbox = await deps.provider.attach(input.sandboxId);
  const followed = new AbortController();
  // Whoever stops following lets go of both: the stream, and the watch for silence.
  const signal = AbortSignal.any([attempt.signal, followed.signal]);
  const turn = new FollowedTurn(deps, input, { sandbox, attempt: { ...attempt, signal } });
  try {
    return await Promise.race([turn.follow(), turn.watch()]);
  } catch (error) {
    if (error instanceof SandboxLost) {
      const stopped = await stoppedInStore(deps, input);
      if (stopped !== null) return stopped;
      // An attempt before this one may have sent it, too; and an activity before this one, which the event log knows.
      const started = attempt.number > 1 || turn.reached || (await hasStarted(deps, input));
      return { kind: 'sandbox-lost', cause: error.message, started };
    }
    if (!attempt.cancelRequested()) throw error;
    await letGo(sandbox, input.turnId);
    // I3: one that ended before anybody gave it up has ended.
    const stopped = await stoppedInStore(deps, input);
    if (stopped === null) throw error;
    return stopped;
  } finally {
    followed.abort(new Error('the turn is not followed any more'));
  }
}

/** One attempt's view of the turn. */
class FollowedTurn {
  readonly #deps: ActivityDeps;
  readonly #input: RunTurnInput;
  readonly #sandbox: Sandbox;
  readonly #attempt: Attempt;
  readonly #pump: JournalPump;
  #lastHeardMs = performance.now();

  constructor(deps: ActivityDeps, input: RunTurnInput, parts: { sandbox: Sandbox; attempt: Attempt }) {
    const { sandbox, attempt } = parts;
    this.#deps = deps;
    this.#input = input;
    this.#sandbox = sandbox;
    this.#attempt = attempt;
    this.#pump = new JournalPump({
      deps,
      sandbox,
      sessionId: input.sessionId,
      generation: input.generation,
      costBeforeUsd: input.costUsd,
      signal: attempt.signal,
      onProgress: (cursor) => attempt.report({ journal: cursor }),
      onRecord: (record) => this.#hear(record),
    });
  }

  /** The request may have got to the supervisor. */
  get reached(): boolean {
    return this.#pump.reached;
  }

  async follow(): Promise<TurnReport> {
    const body = requestOf(this.#input);
    const context = { ...this.#input, deps: this.#deps, sandbox: this.#sandbox, attempt: this.#attempt };
    const record = await stayAttached(context, () => this.#pump.stream('/turns', body));
    switch (record?.kind) {
      case 'turn.lost':
        return {
          kind: 'agent-lost',
          cause: record.cause,
          losses: record.losses,
          message: record.message,
        };
      case 'turn.suspended': {
        const { totals } = record;
        return { kind: 'suspended', totals, checkpoint: await this.#pump.checkpointOf(record) };
      }
      case 'turn.ended':
        return {
          kind: 'ended',
          outcome: record.outcome,
          answer: textTail(record.answer, bounds.answerTailBytes),
          totals: record.totals,
          checkpoint: await this.#pump.checkpointOf(record),
          steered: await steeredInLog(this.#deps, this.#input),
        };
      default:
        throw new SupervisorAbsent('the turn ended without its record');
    }
  }

  async watch(): Promise<TurnReport> {
    const { turnId, session } = this.#input;
    const silent = await agentFallsSilent({
      sandbox: this.#sandbox,
      turnId,
      silenceSeconds: session.options.silenceSeconds,
      lastHeardMs: () => this.#lastHeardMs,
      signal: this.#attempt.signal,
    });
    return { kind: 'agent-silent', ...silent };
  }

  /** What an exec beside the turn says is no word of the agent. */
  #hear(record: JournalRecord): void {
    if ('turnId' in record && record.turnId === this.#input.turnId) this.#lastHeardMs = performance.now();
  }
}

function requestOf(input: RunTurnInput): Omit<TurnRequest, 'from'> {
  const { turnId, text, continuation, notice, steers, carriedOver, options, budgetLeftUsd } = input;
  const budgets = [options.budgetUsd, budgetLeftUsd].filter(
    (usd): usd is number => usd !== undefined && usd !== null,
  );
  const budgetUsd = Math.max(smallestBudgetUsd, Math.min(...budgets));
  return {
    turnId,
    text,
    continuation,
    steers,
    options: { ...options, ...(budgets.length === 0 ? {} : { budgetUsd }) },
    ...(notice === undefined ? {} : { notice }),
    ...(carriedOver === undefined ? {} : { carriedOver }),
  };
}
