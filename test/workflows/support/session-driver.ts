/**
 * Drives the pure parts of a session as its workflow does, one thing at a time and without Temporal: messages are admitted
 * and recorded, clocks act, and what happens beside the main loop happens. Keeps what a store would: which prompt ended how
 * often, the first end of each id.
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
import { loseExec } from '../../../src/workflows/lose-execs.ts';
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
import { SessionRun } from '../../../src/workflows/session-run.ts';
import { DrivenLog } from './driven-log.ts';
import { DrivenLoop } from './driven-loop.ts';
import type { Outcome, TurnEnding } from './driven-loop.ts';

export class SessionDriver {
  readonly run: SessionRun;
  readonly accepted = new Set<string>();
  nowMs = Date.parse('2026-01-01T00:00:00.000Z');
  readonly #log = new DrivenLog();
  readonly #loop: DrivenLoop;

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
    this.#loop = new DrivenLoop(this.run, this.#log);
  }

  get ends(): ReadonlyMap<string, number> {
    return this.#log.ends;
  }

  get step(): DrivenLoop['step'] {
    return this.#loop.step;
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
    const turn = this.#loop.turn();
    const said = turn?.steers.find(({ told }) => !told);
    if (turn === null || said === undefined) return;
    // What comes too late stays with the turn until that has ended.
    if (!isLate) {
      said.told = true;
      this.#loop.tell(said.promptId);
    }
  }

  // The main loop.

  begin(): void {
    this.#loop.begin();
  }

  finish(outcome: Outcome, ending: TurnEnding): void {
    this.#loop.finish(outcome, ending);
  }

  /** Takes over the events that wait. */
  store(): void {
    this.#log.append(this.run.data.pendingEvents.splice(0));
  }
}
