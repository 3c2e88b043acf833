/**
 * What is known of the turns of one generation, and what a request for one means (I2, I3). Pure: it changes only by the
 * journal's own records, so a restarted supervisor that reads its journal decides as its predecessor would have.
 *
 * A turn is run once per continuation. `losses` counts the runs that ended without a result; the workflow continues a turn
 * by sending that number. It starts at the number of the turn's first run here, so it goes on counting over generations.
 */
import type { JournalRecord, TurnRequest } from '../../contracts/supervisor.ts';
import type { Span } from '../journal/journal.ts';

type LossCause = Extract<JournalRecord, { kind: 'turn.lost' }>['cause'];

type Turn = {
  textHash: string;
  /** The newest run; null when accepted only. */
  continuation: number | null;
  /** Where in the journal its first run begins. */
  firstStart: number;
  phase: 'accepted' | 'running' | 'lost' | 'ended';
  losses: number;
  lostBy: LossCause | null;
  /** Of `turn.lost` by the losses it records. */
  lostAt: Map<number, Span>;
  /** Prompts that were said within it. */
  steers: Set<string>;
  endedAt?: Span;
};

export type TurnDecision =
  /** Never run here: `known` when its acceptance is in the journal already. */
  | { action: 'start'; known: boolean }
  /** Its last run was lost, and the workflow says to go on. */
  | { action: 'continue'; cause: LossCause }
  /** The workflow gives the running one up (the agent is silent) and wants it continued. */
  | { action: 'replace' }
  /** It runs, or what the request asks about is over: only follow. */
  | { action: 'follow' }
  | { action: 'refuse'; error: 'conflict' | 'turn-running'; message: string };

export type SteerDecision =
  /** The agent has it, or will have it. */
  | 'known'
  /** It is to be recorded: the running agent is told, or the next run of a lost turn. */
  | 'tell'
  /** The turn is over here. */
  | 'over'
  /** Nothing of it runs or ran here. */
  | 'unknown';

export class TurnRecord {
  readonly #turns = new Map<string, Turn>();
  #running: string | null = null;

  get running(): string | null {
    return this.#running;
  }

  apply(record: JournalRecord, span: Span): void {
    if (record.kind === 'turn.accepted') this.#accept(record.turnId, record.textHash);
    if (record.kind === 'turn.started') this.#start(record, span);
    if (record.kind === 'turn.lost') {
      const turn = this.#end(record.turnId, 'lost');
      turn.losses = record.losses;
      turn.lostBy = record.cause;
      turn.lostAt.set(record.losses, span);
    }
    if (record.kind === 'turn.steered') this.#turn(record.turnId).steers.add(record.promptId);
    if (record.kind === 'turn.ended' || record.kind === 'turn.suspended') {
      this.#end(record.turnId, 'ended').endedAt = span;
    }
  }

  decide(request: Pick<TurnRequest, 'turnId' | 'continuation'> & { textHash: string }): TurnDecision {
    const { turnId, continuation, textHash } = request;
    const turn = this.#turns.get(turnId);
    if (turn !== undefined && turn.textHash !== textHash) {
      return { action: 'refuse', error: 'conflict', message: `turn ${turnId} is known with another text` };
    }
    if (turn?.phase === 'ended') return { action: 'follow' };
    if (this.#running !== null && this.#running !== turnId) {
      return { action: 'refuse', error: 'turn-running', message: `turn ${this.#running} is running` };
    }
    if (turn === undefined || turn.continuation === null)
      return { action: 'start', known: turn !== undefined };
    return decideKnown(turn, { turnId, continuation });
  }

  decideSteer({ turnId, promptId }: { turnId: string; promptId: string }): SteerDecision {
    const turn = this.#turns.get(turnId);
    if (turn === undefined || turn.phase === 'accepted') return 'unknown';
    if (turn.steers.has(promptId)) return 'known';
    return turn.phase === 'ended' ? 'over' : 'tell';
  }

  isSteered({ turnId, promptId }: { turnId: string; promptId: string }): boolean {
    return this.#turns.get(turnId)?.steers.has(promptId) ?? false;
  }

  /** Turns that were started here before that one, each with the number of its newest run. */
  startedBefore(turnId: string): { turnId: string; continuation: number }[] {
    const started: { turnId: string; continuation: number }[] = [];
    for (const [id, { continuation }] of this.#turns) {
      if (id === turnId) break;
      if (continuation !== null) started.push({ turnId: id, continuation });
    }
    return started;
  }

  /** Where the stream of that request ends, once it is in the journal. */
  endingOf({ turnId, continuation }: Pick<TurnRequest, 'turnId' | 'continuation'>): Span | undefined {
    const turn = this.#turns.get(turnId);
    return turn?.lostAt.get(continuation + 1) ?? turn?.endedAt;
  }

  /** What `turn.lost` is to say of the running turn. */
  lossesOf(turnId: string): number {
    return this.#turn(turnId).losses + 1;
  }

  newestRunOf(turnId: string): number {
    return this.#turn(turnId).continuation ?? 0;
  }

  firstStartOf(turnId: string): number {
    return this.#turn(turnId).firstStart;
  }

  #accept(turnId: string, textHash: string): void {
    const known = this.#turns.get(turnId);
    if (known !== undefined) return;
    this.#turns.set(turnId, {
      textHash,
      continuation: null,
      firstStart: 0,
      phase: 'accepted',
      losses: 0,
      lostBy: null,
      lostAt: new Map(),
      steers: new Set(),
    });
  }

  #start(record: { turnId: string; continuation: number }, span: Span): void {
    const { turnId, continuation } = record;
    const turn = this.#turn(turnId);
    if (turn.continuation === null) {
      turn.losses = continuation;
      turn.firstStart = span.start;
    }
    turn.continuation = continuation;
    turn.phase = 'running';
    this.#running = turnId;
  }

  #end(turnId: string, phase: 'lost' | 'ended'): Turn {
    const turn = this.#turn(turnId);
    turn.phase = phase;
    if (this.#running === turnId) this.#running = null;
    return turn;
  }

  #turn(turnId: string): Turn {
    const turn = this.#turns.get(turnId);
    if (turn === undefined) throw new Error(`the journal has no acceptance of turn ${turnId}`);
    return turn;
  }
}

function decideKnown(turn: Turn, request: { turnId: string; continuation: number }): TurnDecision {
  const { losses, phase, lostBy } = turn;
  if (request.continuation < losses) return { action: 'follow' };
  if (request.continuation === losses) {
    return phase === 'lost' && lostBy !== null ? { action: 'continue', cause: lostBy } : { action: 'follow' };
  }
  if (request.continuation === losses + 1 && phase === 'running') return { action: 'replace' };
  const message = `turn ${request.turnId} was lost ${losses} times, not ${request.continuation}`;
  return { action: 'refuse', error: 'conflict', message };
}
