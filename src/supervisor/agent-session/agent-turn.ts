/** One run of a turn as the agent's session sees it: which result is its own, and how it ended. */
import type { SDKMessage, SDKResultMessage } from '@anthropic-ai/claude-agent-sdk';
import { noUsage, totalsBetween, type AgentResult } from '../../agent/results.ts';
import type { TranscriptEntry } from '../../contracts/transcript.ts';
import type { TurnOutcome, TurnTotals } from '../../contracts/turn.ts';
import type { Uuid } from './message-uuid.ts';

export type TurnInput = {
  turnId: string;
  continuation: number;
  /** What the agent is told. */
  messageFor: (conversation: Conversation) => Promise<string>;
};

export type Conversation = {
  /** What the agent resumed from when its process started. */
  resumed: readonly TranscriptEntry[];
  /** It is the agent's first message ever. */
  isNew: boolean;
  /** An earlier run of the turn told it the prompt. */
  holdsPrompt: boolean;
};

export type TurnEnd =
  | { kind: 'ended'; outcome: TurnOutcome; answer: string; totals: TurnTotals }
  | { kind: 'lost'; message: string };

export type Cost = Pick<AgentResult, 'cumulativeCostUsd' | 'cumulativeUsage'>;

export class AgentTurn {
  readonly input: TurnInput;
  /** Of the message that tells the agent. */
  readonly uuid: Uuid;
  readonly #startedAtMs = performance.now();
  readonly #result = Promise.withResolvers<AgentResult>();
  /** The agent said anything since the turn began. */
  heard = false;
  /** We asked the agent to stop: it is an interruption then, whatever the agent makes of it. */
  interrupted = false;
  /** Why the supervisor itself ends the agent under the turn. */
  givenUp: string | null = null;

  constructor(input: TurnInput, uuid: Uuid) {
    this.input = input;
    this.uuid = uuid;
  }

  /** Resolves when the agent has answered. */
  get result(): Promise<AgentResult> {
    return this.#result.promise;
  }

  hear(message: SDKMessage, result: AgentResult): void {
    if (message.type === 'result' && this.#isAnsweredBy(message)) this.#result.resolve(result);
  }

  ended(earlier: Cost | null, result: AgentResult): TurnEnd {
    const outcome: TurnOutcome = this.interrupted ? { status: 'interrupted' } : result.outcome;
    return { kind: 'ended', outcome, answer: result.answer, totals: totalsBetween(earlier, result) };
  }

  /** The agent's process ended without a result (I10). */
  died(message: string): TurnEnd {
    if (!this.interrupted) return { kind: 'lost', message: this.givenUp ?? message };
    const durationMs = Math.round(performance.now() - this.#startedAtMs);
    const totals = { costUsd: 0, usage: noUsage, durationMs };
    return { kind: 'ended', outcome: { status: 'interrupted' }, answer: '', totals };
  }

  /** The agent also works unasked, when something in the background ends: such a result is not the turn's. */
  #isAnsweredBy(message: SDKResultMessage): boolean {
    const { user_message_uuid: last, user_message_uuids: all } = message;
    const answered = all ?? (last === undefined ? null : [last]);
    return answered === null ? (message.queued_turn_count ?? 0) === 0 : answered.includes(this.uuid);
  }
}
