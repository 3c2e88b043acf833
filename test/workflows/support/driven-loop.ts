/** The main loop of a driven session: its next step is begun, and comes out as a test chooses. */
import { nextStep } from '../../../src/workflows/decisions.ts';
import type { Step } from '../../../src/workflows/decisions.ts';
import { loseExecs } from '../../../src/workflows/lose-execs.ts';
import { afterReport, beginTurn } from '../../../src/workflows/run-turn.ts';
import type { QueuedPrompt } from '../../../src/workflows/session-data.ts';
import type { SessionRun } from '../../../src/workflows/session-run.ts';
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
import type { DrivenLog } from './driven-log.ts';
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

export class DrivenLoop {
  readonly run: SessionRun;
  /** The step under way; a turn stays until it is ended. */
  step: Exclude<Step, { do: 'wait' }> | null = null;
  readonly #log: DrivenLog;
  /** What an agent was told within some turn. */
  readonly #steered = new Set<string>();

  constructor(run: SessionRun, log: DrivenLog) {
    this.run = run;
    this.#log = log;
  }

  /** Begins the next step, unless one is under way or there is none. */
  begin(): void {
    if (this.run.data.phase.status === 'closed' || this.step !== null) return;
    settlePhase(this.run);
    const next = nextStep(this.run.data, this.run.runningExecs.size);
    if (next.do === 'wait') return;
    this.step = next;
    if (next.do === 'pause') beginPausing(this.run, next.reason);
    if (next.do === 'open') beginOpening(this.run, next.reason);
    if (next.do === 'turn') {
      if (this.#log.ends.has(next.prompt.id)) throw new Error(`${next.prompt.id} ended, and runs again`);
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
    const endsAt = new Date(Date.parse(run.now) + 7_200_000).toISOString();
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
    else for (const { promptId } of steersOf(prompt)) if (tells) this.tell(promptId);
  }

  /** The agent was told it within some turn. */
  tell(promptId: string): void {
    this.#steered.add(promptId);
    this.#log.end(promptId);
  }

  /** The turn under way. */
  turn(): QueuedPrompt | null {
    return this.step?.do === 'turn' ? this.step.prompt : null;
  }
}
