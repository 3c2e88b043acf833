/**
 * Drives the pure parts of a session as its workflow does, one thing at a time and without Temporal: messages are admitted
 * and recorded, steps are begun and come out as a test chooses, clocks act. Keeps what a store would: which prompt ended
 * how often, the first end of each id.
 */
import type { ExecRequest } from '../../../src/contracts/messages.ts';
import type { Prompt } from '../../../src/contracts/prompt.ts';
import { sessionInputSchema } from '../../../src/contracts/session-input.ts';
import {
  refuseCancel,
  refuseClosed,
  refuseExec,
  refusePrompt,
  refuseRewind,
} from '../../../src/workflows/admission.ts';
import { actOn, canExec } from '../../../src/workflows/beside-the-loop.ts';
import { clocksOf, nextClock } from '../../../src/workflows/clocks.ts';
import { nextStep } from '../../../src/workflows/decisions.ts';
import type { Step } from '../../../src/workflows/decisions.ts';
import { loseExec, loseExecs } from '../../../src/workflows/lose-execs.ts';
import { cancelPrompt, recordPrompt } from '../../../src/workflows/prompts.ts';
import {
  askToClose,
  recordBudget,
  recordCheckpoint,
  recordExec,
  recordInterrupt,
  recordPause,
  recordResume,
  recordRewind,
} from '../../../src/workflows/requests.ts';
import { afterReport, beginTurn } from '../../../src/workflows/run-turn.ts';
import type { QueuedPrompt } from '../../../src/workflows/session-data.ts';
import { SessionRun } from '../../../src/workflows/session-run.ts';
import { steersOf } from '../../../src/workflows/steers.ts';
import {
  becomeLive,
  becomePaused,
  beginOpening,
  beginPausing,
  continueAfterRollover,
  leaveForRollover,
  leaveSandbox,
  loseSandbox,
  settlePhase,
  stayPaused,
} from '../../../src/workflows/transitions.ts';
import type { ReopenReason } from '../../../src/workflows/transitions.ts';
import { failPrompts } from '../../../src/workflows/turn-ends.ts';
import { DrivenLog } from './driven-log.ts';
import { checkpointOf, ended, totals } from './driven-turns.ts';

export type Outcome = 'well' | 'lost' | 'failed';
export type TurnEnding =
  | 'completed'
  | 'failed'
  | 'lost'
  | 'unstarted'
  | 'agent-died'
  | 'silent'
  | 'abandoned'
  | 'not-run';

export class SessionDriver {
  readonly run: SessionRun;
  readonly accepted = new Set<string>();
  nowMs = Date.parse('2026-01-01T00:00:00.000Z');
  /** The step under way; a turn stays until it is ended. */
  step: Exclude<Step, { do: 'wait' }> | null = null;
  readonly #log = new DrivenLog();
  /** What an agent was told within some turn. */
  readonly #steered = new Set<string>();

  constructor(options: { budgetUsd?: number } = {}) {
    const input = sessionInputSchema.parse({
      sessionId: 's',
      repositories: [{ url: 'http://127.0.0.1:1/demo.git' }],
      user: { name: 'Ada', email: 'ada@example.com' },
      options: { ...options, turnSeconds: 600, sandboxLifetimeSeconds: 7_200 },
    });
    const surface = {
      now: () => new Date(this.nowMs).toISOString(),
      runName: 'run',
      shouldContinueAsNew: () => false,
      register: () => undefined,
      showStatus: () => undefined,
      showDetails: () => undefined,
    };
    this.run = new SessionRun(input, { carried: null, surface });
  }

  get ends(): ReadonlyMap<string, number> {
    return this.#log.ends;
  }

  get closed(): boolean {
    return this.run.data.phase.status === 'closed';
  }

  // Messages: admitted as their validators do.

  prompt(prompt: Prompt): void {
    if (refusePrompt(this.run.data, prompt) !== null) return;
    recordPrompt(this.run, prompt);
    this.accepted.add(prompt.id);
  }

  cancel(promptId: string): void {
    if (refuseCancel(this.run.data, promptId) === null) cancelPrompt(this.run, promptId);
  }

  exec(exec: ExecRequest): void {
    if (refuseExec(this.run.data, exec) === null) recordExec(this.run, exec);
  }

  rewind(checkpointId: string): void {
    const runningExecs = this.run.runningExecs.size;
    if (refuseRewind(this.run.data, { checkpointId, runningExecs }) === null)
      recordRewind(this.run, checkpointId);
  }

  ask(what: 'interrupt' | 'pause' | 'pause and interrupt' | 'resume' | 'checkpoint'): void {
    if (refuseClosed(this.run.data) !== null) return;
    if (what === 'interrupt') recordInterrupt(this.run, undefined);
    else if (what === 'resume') recordResume(this.run);
    else if (what === 'checkpoint') recordCheckpoint(this.run);
    else recordPause(this.run, what === 'pause and interrupt');
  }

  budget(budgetUsd: number | null): void {
    if (refuseClosed(this.run.data) === null) recordBudget(this.run, budgetUsd);
  }

  terminate(discard: boolean): void {
    if (!this.closed) askToClose(this.run, discard);
  }

  // Beside the main loop.

  clock(): void {
    const clock = this.nextClock();
    if (clock === null) return;
    this.nowMs = Math.max(this.nowMs, clock.atMs);
    actOn(this.run, clock.name);
  }

  nextClock(): ReturnType<typeof nextClock> {
    return nextClock(clocksOf(this.run.data, this.run.input.options, this.run.runningExecs.size));
  }

  pass(seconds: number): void {
    this.nowMs += seconds * 1_000;
  }

  startExec(): void {
    if (!canExec(this.run)) return;
    const exec = this.run.data.pendingExecs.shift();
    if (exec !== undefined) this.run.runningExecs.add(exec.id);
  }

  endExec(isLost: boolean): void {
    const [execId] = this.run.runningExecs;
    if (execId === undefined) return;
    this.run.runningExecs.delete(execId);
    const { sandbox } = this.run.data;
    if (isLost && sandbox !== null) sandbox.lostCause ??= 'an exec found it gone';
    if (isLost) loseExec(this.run, execId, 'gone');
    this.run.touch();
  }

  steer(isLate: boolean): void {
    const turn = this.#turn();
    const said = turn?.steers.find(({ told }) => !told);
    if (turn === null || said === undefined) return;
    // What comes too late stays with the turn until that has ended.
    if (!isLate) {
      said.told = true;
      this.#tell(said.promptId);
    }
  }

  // The main loop.

  /** Begins the next step, unless one is under way or there is none. */
  begin(): void {
    if (this.closed || this.step !== null) return;
    settlePhase(this.run);
    const next = nextStep(this.run.data, this.run.runningExecs.size);
    if (next.do === 'wait') return;
    this.step = next;
    if (next.do === 'pause') beginPausing(this.run, next.reason);
    if (next.do === 'open') beginOpening(this.run, next.reason);
    if (next.do === 'turn') {
      if (this.ends.has(next.prompt.id)) throw new Error(`${next.prompt.id} ended, and runs again`);
      const goesOn = beginTurn(this.run, next.prompt);
      this.#afterTurn(next.prompt, { goesOn, tells: true });
    }
    if (next.do === 'rollover') this.run.setPhase({ status: 'pausing' });
    if (next.do === 'rewind') this.run.setPhase({ status: 'resuming' });
  }

  /** What is under way comes out. */
  finish(outcome: Outcome, ending: TurnEnding): void {
    const { step } = this;
    if (step === null) return;
    if (step.do === 'turn') {
      const goesOn = this.#endTurn(step.prompt, ending);
      return this.#afterTurn(step.prompt, { goesOn, tells: outcome === 'well' });
    }
    this.step = null;
    // What a closing session does not wait for.
    if (this.run.closing && step.do !== 'close') return;
    this.#finishStep(step, outcome);
    settlePhase(this.run);
  }

  #finishStep(step: Exclude<Step, { do: 'wait' | 'turn' }>, outcome: Outcome): void {
    const { run } = this;
    switch (step.do) {
      case 'lose':
        return loseSandbox(run, step.cause);
      case 'checkpoint':
        run.data.asked.checkpoint = false;
        return run.touch();
      case 'pause':
        return becomePaused(run);
      case 'open':
        return this.#opened(outcome, step.reason);
      case 'rollover':
        leaveForRollover(run);
        beginOpening(run, 'rollover');
        this.#opened(outcome, 'rollover');
        if (outcome === 'well') continueAfterRollover(run);
        return;
      case 'rewind':
        return this.#rewound(outcome);
      case 'close':
        return this.#close();
    }
  }

  #opened(outcome: Outcome, reason: ReopenReason | 'start'): void {
    const { run } = this;
    if (outcome !== 'well' && reason === 'start') return this.#close();
    if (outcome !== 'well') {
      stayPaused(run, 'it could not be brought back');
      return run.setPhase({ status: 'paused' });
    }
    run.data.generation += 1;
    const endsAt = new Date(this.nowMs + 7_200_000).toISOString();
    becomeLive(
      run,
      { sandboxId: `sb-${run.data.generation}`, imageId: 'im', runtimeVersion: '1', endsAt },
      [],
    );
  }

  #rewound(outcome: Outcome): void {
    const { run } = this;
    run.data.asked.rewind = null;
    if (outcome === 'failed') return run.setPhase({ status: run.data.sandbox === null ? 'paused' : 'idle' });
    leaveSandbox(run);
    beginOpening(run, 'rewind');
    this.#opened(outcome, 'rewind');
  }

  #close(): void {
    const { run } = this;
    run.data.asked.close = 'terminate';
    run.setPhase({ status: 'terminating' });
    failPrompts(run, { kind: 'terminated', message: 'closed' });
    run.data.sandbox = null;
    loseExecs(run, 'closed');
    run.setPhase({ status: 'closed', reason: 'terminated' });
  }

  #endTurn(prompt: QueuedPrompt, ending: TurnEnding): boolean {
    const { run } = this;
    const report = this.#reportOf(prompt, ending);
    if (report.kind === 'ended') this.#log.end(prompt.id);
    return afterReport(run, prompt, report);
  }

  #reportOf(prompt: QueuedPrompt, ending: TurnEnding): Parameters<typeof afterReport>[2] {
    if (this.run.data.asked.rollover !== 'no' && ending === 'completed') {
      return { kind: 'suspended', totals, checkpoint: checkpointOf(prompt.id) };
    }
    switch (ending) {
      case 'completed':
      case 'failed':
        return ended(prompt.id, { status: ending, steered: this.#steeredIn(prompt) });
      case 'lost':
      case 'unstarted':
        return { kind: 'sandbox-lost', cause: 'gone', started: ending === 'lost' };
      case 'agent-died':
        return {
          kind: 'agent-lost',
          cause: 'agent-died',
          losses: prompt.continuations + 1,
          message: 'killed',
        };
      case 'silent':
        return { kind: 'agent-silent', quietSeconds: 300 };
      case 'abandoned':
        return { kind: 'abandoned' };
      case 'not-run':
        return { kind: 'not-run', message: 'refused' };
    }
  }

  #steeredIn({ steers }: QueuedPrompt): string[] {
    return steers.map(({ promptId }) => promptId).filter((promptId) => this.#steered.has(promptId));
  }

  /** `tells`: the agent is told what goes with the activity; one that has ended meanwhile is not. */
  #afterTurn(prompt: QueuedPrompt, { goesOn, tells }: { goesOn: boolean; tells: boolean }): void {
    if (!goesOn) this.step = null;
    else for (const { promptId } of steersOf(prompt)) if (tells) this.#tell(promptId);
  }

  #tell(promptId: string): void {
    this.#steered.add(promptId);
    this.#log.end(promptId);
  }

  #turn(): QueuedPrompt | null {
    return this.step?.do === 'turn' ? this.step.prompt : null;
  }

  /** Takes over the events that wait. */
  store(): void {
    this.#log.append(this.run.data.pendingEvents.splice(0));
  }
}
