/**
 * The session's conversation with its agent over any number of agent processes. Owns: which turn the agent works on, and what
 * that turn cost. A turn ends here in exactly one way: with a result, stopped to go on elsewhere, or lost with its process
 * (I10); what follows from it is not decided here.
 */
import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk';
import type { AgentEventMapper } from '../../agent/agent-events.ts';
import type { DeltaBody } from '../../agent/coalesce.ts';
import type { ModelCost } from '../../agent/results.ts';
import type { InterruptReason, SupervisorStatus } from '../../contracts/supervisor.ts';
import type { TranscriptEntry } from '../../contracts/transcript.ts';
import { AgentKeeper, type AgentKeeperInput } from './agent-keeper.ts';
import { limitSentence, type AgentLimits } from './agent-limits.ts';
import type { AgentMessage } from './agent-process.ts';
import { AgentTurn, type TurnInput } from './agent-turn.ts';
import { AgentWatch } from './agent-watch.ts';
import { priced, usageSince } from './earlier-runs.ts';
import { RunIds } from './run-ids.ts';
import { endOfTurn, type RunEnd, type TurnEnd } from './run-end.ts';
import type { RunningAgent } from './running-agent.ts';
import type { TranscriptMirror } from './transcript-mirror.ts';

export type AgentSessionInput = AgentKeeperInput & { sessionId: string };

const leastBudgetUsd = 0.000_001;

export class AgentSession {
  readonly #input: AgentSessionInput;
  readonly #keeper: AgentKeeper;
  readonly #watch = new AgentWatch();
  #turn: AgentTurn | null = null;
  #billed: ReadonlyMap<string, ModelCost> = new Map();

  constructor(input: AgentSessionInput) {
    this.#input = input;
    this.#keeper = new AgentKeeper({
      ...input,
      onMessage: (message, mapper) => this.#onMessage(message, mapper),
      onWarning: (message) => this.#warn(message),
    });
  }

  get mirror(): TranscriptMirror {
    return this.#keeper.mirror;
  }

  /** Starts the agent's process ahead of the next turn. */
  warm(): void {
    this.#keeper.any().catch(() => undefined);
  }

  /** One at a time. */
  async run(input: TurnInput): Promise<TurnEnd> {
    const turn = new AgentTurn(input, this.#idsOf(input).of(input.continuation));
    this.#turn = turn;
    this.#watch.begin();
    this.mirror.beginTurn();
    try {
      const first = await this.#tell(turn);
      // An agent that was dead before it could read the prompt died between turns: nothing was lost with it.
      const isUnheard = first.kind === 'lost' && !turn.heard && turn.givenUp === null;
      return isUnheard ? await this.#tell(turn) : first;
    } finally {
      this.#input.recorder.endBlocks();
      await this.#keeper.catchUp();
      if (turn.wasTold && !this.mirror.gotEntries) {
        this.#warn('The agent gave no transcript of this turn: it will not remember it in a new sandbox.');
      }
      this.#turn = null;
    }
  }

  async #tell(turn: AgentTurn): Promise<TurnEnd> {
    const limitsFor = (resumed: readonly TranscriptEntry[]): AgentLimits => this.#limitsOf(turn, resumed);
    const agent = await this.#keeper.fitting(limitsFor);
    const { process, resumed } = agent;
    if (this.#budgetLeft(turn, resumed) <= 0) {
      turn.askToStop({ kind: 'limit', message: limitSentence('budgetUsd', turn.input.options) });
    }
    await agent.useModel(turn.input.options.model ?? this.#input.model);
    if (turn.givenUp !== null) {
      await process.kill();
      return { kind: 'lost', message: turn.givenUp };
    }
    if (turn.stop !== null) turn.end();
    else {
      const ids = this.#idsOf(turn.input);
      if (ids.isHeld(resumed, turn.input.continuation))
        return { kind: 'lost', message: 'the agent ended as soon as it had read the prompt' };
      const isNew = resumed.length === 0 && !this.#keeper.hasRun;
      const holdsPrompt = ids.holdsPrompt(resumed, turn.input);
      const text = await turn.input.messageFor({ resumed, isNew, holdsPrompt });
      turn.tell(text, (message) => process.send(message));
      this.#keeper.hasRun = true;
    }
    const end = await Promise.race([turn.over, process.exited]);
    if ('result' in end) {
      const ended = await this.#ended(turn, end, agent);
      // The next run resumes from what the transcript holds.
      if (ended.kind === 'lost') await process.kill();
      return ended;
    }
    if (turn.stop === null) return { kind: 'lost', message: turn.givenUp ?? end.message };
    return this.#ended(turn, { result: null, isWhole: false }, agent);
  }

  async #ended(turn: AgentTurn, end: RunEnd, agent: RunningAgent): Promise<TurnEnd> {
    const earlier = agent.cost;
    if (end.result !== null) {
      agent.bill(end.result);
      this.#billed = end.result.cumulativeModels;
    }
    // Of a run that was killed there is no result: then all that the transcript shows of the turn counts.
    const entries = end.result === null ? ((await this.#keeper.entries()) ?? []) : agent.resumed;
    return endOfTurn({
      ...end,
      stop: turn.stop,
      options: turn.input.options,
      earlier,
      unbilled: this.#unbilled(turn.input, entries),
      durationMs: performance.now() - turn.startedAtMs,
    });
  }

  #unbilled(turn: TurnInput, entries: readonly TranscriptEntry[]): ModelCost {
    return priced(usageSince(entries, this.#idsOf(turn).upTo(turn.continuation)), this.#billed);
  }

  #limitsOf(turn: AgentTurn, resumed: readonly TranscriptEntry[]): AgentLimits {
    const { maxTurns, budgetUsd } = turn.input.options;
    return {
      ...(maxTurns === undefined ? {} : { maxTurns }),
      // The agent takes no budget of nothing.
      ...(budgetUsd === undefined
        ? {}
        : { budgetUsd: Math.max(this.#budgetLeft(turn, resumed), leastBudgetUsd) }),
    };
  }

  /** Of the turn, without what earlier runs of it used, here and in earlier generations. */
  #budgetLeft({ input }: AgentTurn, resumed: readonly TranscriptEntry[]): number {
    const { budgetUsd } = input.options;
    if (budgetUsd === undefined) return Number.POSITIVE_INFINITY;
    return budgetUsd - this.#unbilled(input, resumed).costUsd - (input.carriedOver?.costUsd ?? 0);
  }

  #idsOf({ turnId }: Pick<TurnInput, 'turnId'>): RunIds {
    const { sessionId, recorder } = this.#input;
    return new RunIds({ sessionId, generation: recorder.generation.number, turnId });
  }

  /** Of the running turn; null when none runs. */
  get state(): SupervisorStatus['agent'] {
    return this.#turn === null ? null : this.#watch.state;
  }

  /** False when that turn does not run. It ends soon, for that reason, whatever the agent makes of it. */
  interrupt(turnId: string, reason: InterruptReason): boolean {
    const turn = this.#turn;
    if (turn === null || turn.isOver || turn.input.turnId !== turnId) return false;
    if (turn.askToStop(reason)) void this.#insist(turn);
    return true;
  }

  /** Whether what is told now is told within that turn. */
  takesSteers(turnId: string): boolean {
    return this.#turn?.input.turnId === turnId && this.#turn.takesSteers;
  }

  steer(message: AgentMessage): void {
    this.#turn?.steer(message);
  }

  /** Ends the agent under the running turn, which is lost then. */
  async giveUp(turnId: string, message: string): Promise<void> {
    const turn = this.#turn;
    if (turn === null || turn.input.turnId !== turnId) return;
    turn.givenUp = message;
    await this.#keeper.kill();
  }

  /** Ends the agent so that its transcript is whole. */
  async end(): Promise<void> {
    await this.#keeper.end();
  }

  async kill(): Promise<void> {
    await this.#keeper.kill();
  }

  #onMessage(message: SDKMessage, mapper: AgentEventMapper): void {
    const { recorder } = this.#input;
    const turn = this.#turn;
    const turnId = turn?.input.turnId;
    this.#watch.hear(message);
    turn?.hear(message);
    // The whole of a block comes after all of its pieces.
    if (message.type === 'assistant') recorder.endBlocks(message.message.id);
    // Redacted before anything is cut (I11). Pieces of text are redacted as a stream by the recorder.
    const readable = message.type === 'stream_event' ? message : recorder.redactor.json(message);
    for (const step of mapper.map(readable)) {
      if (step.kind === 'event') recorder.event(step.body, turnId);
      if (step.kind === 'delta') recorder.delta(step.body satisfies DeltaBody, turnId);
      if (step.kind !== 'result' || turn === null) continue;
      const limit = turn.hearResult(message, step.result);
      if (limit !== null) this.interrupt(turn.input.turnId, { kind: 'limit', message: limit });
    }
  }

  async #insist(turn: AgentTurn): Promise<void> {
    const agent = await this.#keeper.current();
    await agent?.insist(turn.over, (messageIds) => turn.drop(messageIds));
  }

  #warn(message: string): void {
    this.#input.recorder.event({ type: 'warning', data: { message } }, this.#turn?.input.turnId);
  }
}
