/**
 * One run of a turn as the agent's session sees it: which messages it was told, which results are its own, and how it ended.
 *
 * The agent answers a message that cuts in with a result of its own, after one for what it broke off, so the run is over
 * when every message has its result. Messages that wait together become one in the agent's transcript, under the id of the
 * last: each is sent only when the agent has begun with the one before.
 */
import type { SDKMessage, SDKResultMessage } from '@anthropic-ai/claude-agent-sdk';
import type { AgentResult } from '../../agent/results.ts';
import type { TurnOptions } from '../../contracts/prompt.ts';
import type { InterruptReason } from '../../contracts/supervisor.ts';
import type { TranscriptEntry } from '../../contracts/transcript.ts';
import type { AgentMessage } from './agent-process.ts';
import { limitSentence } from './agent-limits.ts';
import type { Uuid } from './message-uuid.ts';
import { strongerReason, type RunEnd } from './run-end.ts';

export type TurnInput = {
  turnId: string;
  continuation: number;
  options: TurnOptions;
  /** It was suspended in an earlier generation, and used that much there. */
  carriedOver: { costUsd: number } | null;
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

export class AgentTurn {
  readonly input: TurnInput;
  /** Of the message that tells the agent. */
  readonly uuid: Uuid;
  readonly startedAtMs = performance.now();
  readonly #over = Promise.withResolvers<RunEnd>();
  /** Sent, and no result has answered them. */
  readonly #open = new Set<string>();
  /** Not sent yet. */
  #waiting: AgentMessage[] = [];
  /** Sent, and the agent has not begun with it. */
  #unread: string | null = null;
  /** It threw away some that it had not begun with. */
  #dropped = false;
  #send: ((message: AgentMessage) => void) | null = null;
  #stop: InterruptReason | null = null;
  #last: AgentResult | null = null;
  #steps = 0;
  #isOver = false;
  /** The agent said anything since the turn began. */
  heard = false;
  /** Why the supervisor itself ends the agent under the turn. */
  givenUp: string | null = null;

  constructor(input: TurnInput, uuid: Uuid) {
    this.input = input;
    this.uuid = uuid;
  }

  /** Resolves when the agent has answered everything, or was stopped. */
  get over(): Promise<RunEnd> {
    return this.#over.promise;
  }

  /** A process was told the turn. */
  get wasTold(): boolean {
    return this.#send !== null;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get stop(): InterruptReason | null {
    return this.#stop;
  }

  /** False when it is certain that nothing more is told to the agent in this run. */
  get takesSteers(): boolean {
    return !this.#isOver && this.#stop === null;
  }

  /** Tells a process the turn; again when the one before never heard of it. */
  tell(text: string, send: (message: AgentMessage) => void): void {
    if (this.#stop !== null) return this.end();
    this.#send = send;
    this.heard = false;
    this.#open.clear();
    this.#unread = null;
    this.#waiting.unshift({ text, uuid: this.uuid });
    this.#sendNext();
  }

  /** Only while it takes steers. One that is never sent is in the journal: the next run tells it. */
  steer(message: AgentMessage): void {
    this.#waiting.push({ ...message, isSteer: true });
    this.#sendNext();
  }

  /** Returns true when the agent is to be stopped now. A stronger reason takes the place of the one before. */
  askToStop(reason: InterruptReason): boolean {
    if (this.#isOver) return false;
    const isFirst = this.#stop === null;
    this.#stop = strongerReason(this.#stop, reason);
    return isFirst;
  }

  /** Nothing was told, or what was told is not waited for. */
  end(): void {
    this.#settle({ result: this.#last, isWhole: false });
  }

  hear(message: SDKMessage): void {
    this.heard = true;
    if (this.#unread !== null && begunBy(message).includes(this.#unread)) {
      this.#unread = null;
      this.#sendNext();
    }
  }

  /** Returns the sentence of a limit that is reached although the agent has more to answer: it is to be stopped. */
  hearResult(message: SDKMessage, result: AgentResult): string | null {
    if (message.type !== 'result' || !this.#answer(message)) return null;
    this.#last = result;
    this.#steps += result.steps;
    const isUntold = this.#dropped || this.#waiting.length > 0;
    const isWhole = result.outcome.status === 'completed' && !result.isAborted && !isUntold;
    if (this.#isAnswered) this.#settle({ result, isWhole });
    return this.#isOver ? null : this.#limitReached(result);
  }

  /** The agent drops them unread. */
  drop(messageIds: readonly string[]): void {
    const dropped = messageIds.filter((id) => this.#open.delete(id));
    if (dropped.length === 0) return;
    this.#dropped = true;
    if (this.#isAnswered) this.#settle({ result: this.#last, isWhole: false });
  }

  get #isAnswered(): boolean {
    return this.#open.size === 0 && (this.#waiting.length === 0 || this.#stop !== null);
  }

  #settle(end: RunEnd): void {
    this.#isOver = true;
    this.#over.resolve(end);
  }

  #sendNext(): void {
    if (this.#send === null || this.#unread !== null || this.#stop !== null) return;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#unread = next.uuid;
    this.#open.add(next.uuid);
    this.#send(next);
  }

  /** The agent also works unasked, when something in the background ends: such a result is not the turn's. */
  #answer(message: SDKResultMessage): boolean {
    const answered = idsIn(message);
    if (answered !== null) return answered.filter((id) => this.#open.delete(id)).length > 0;
    const isNone = (message.queued_turn_count ?? 0) > 0 || this.#open.size === 0;
    if (!isNone) this.#open.clear();
    return !isNone;
  }

  /** Steps count anew with every message that the agent is told: those of one run count together. */
  #limitReached({ limit }: AgentResult): string | null {
    const { options } = this.input;
    if (limit !== null) return limitSentence(limit, options);
    const isReached = options.maxTurns !== undefined && this.#steps >= options.maxTurns;
    return isReached ? limitSentence('maxTurns', options) : null;
  }
}

type Echo = { user_message_uuid?: string; user_message_uuids?: string[] };

function idsIn(message: Echo): string[] | null {
  const { user_message_uuid: last, user_message_uuids: all } = message;
  return all ?? (last === undefined ? null : [last]);
}

const lifecycleType: string = 'command_lifecycle';

/** The messages that the agent has begun with, as this one shows. The SDK's types leave out that it says so by itself. */
function begunBy(message: SDKMessage & Echo): string[] {
  const {
    type,
    state,
    command_uuid: id,
  } = message as { type: string; state?: unknown; command_uuid?: unknown };
  if (type === lifecycleType) return state === 'started' && typeof id === 'string' ? [id] : [];
  return idsIn(message) ?? [];
}
