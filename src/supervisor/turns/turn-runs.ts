/**
 * Runs turns, one at a time: from its acceptance in the journal to the record that ends it (I2, I3). What a request for a
 * turn means is decided by the turn record; here it is done.
 *
 * A running turn that is asked for with one continuation more is given up and continued in a new agent: how a silent agent
 * is replaced.
 */
import { createHash } from 'node:crypto';
import type { ContinuationCause } from '../../agent/notices.ts';
import { addTotals } from '../../agent/results.ts';
import type { InterruptReason, SupervisorSteer, TurnRequest } from '../../contracts/supervisor.ts';
import type { TurnTotals } from '../../contracts/turn.ts';
import type { AgentSession } from '../agent-session/agent-session.ts';
import { steerUuid } from '../agent-session/message-uuid.ts';
import { failedBy, strongerReason, type TurnEnd } from '../agent-session/run-end.ts';
import { RequestRefused } from '../errors.ts';
import type { Session } from '../start/session.ts';
import type { Settings } from '../settings.ts';
import { ToldSteers } from './told-steers.ts';
import { carryTurn } from './turn-carry.ts';
import { turnMessage } from './turn-message.ts';

export type TurnRunsInput = { settings: Settings; session: Session; agent: AgentSession };

const silentMessage = 'the agent was silent, and was ended for its turn to be continued';

export class TurnRuns {
  readonly #input: TurnRunsInput;
  readonly #steers = new ToldSteers();
  #run: Promise<void> = Promise.resolve();
  /** The turn that is being suspended: its agent is stopped, its work is being carried. */
  #suspending: { turnId: string; reason: InterruptReason } | null = null;

  constructor(input: TurnRunsInput) {
    this.#input = input;
  }

  /** Resolves when the turn runs or is over; throws `RequestRefused`. */
  async request(request: TurnRequest): Promise<void> {
    const { agent, session } = this.#input;
    const { turns } = session.recorder.generation;
    const textHash = createHash('sha256').update(request.text).digest('hex');
    let decision = turns.decide({ ...request, textHash });
    const isSilent = decision.action === 'replace';
    if (isSilent) {
      await agent.giveUp(request.turnId, silentMessage);
      await this.#run;
      decision = turns.decide({ ...request, textHash });
    }
    switch (decision.action) {
      case 'refuse':
        throw new RequestRefused(decision.error, decision.message);
      case 'start':
        if (!decision.known) {
          session.recorder.record({ kind: 'turn.accepted', turnId: request.turnId, textHash });
        }
        this.#start(request, request.carriedOver === undefined ? 'agent-died' : 'rollover');
        return;
      case 'continue':
        this.#start(request, isSilent ? 'silent' : decision.cause);
        return;
      case 'follow':
      case 'replace':
        for (const steer of request.steers) this.steer({ turnId: request.turnId, steer });
        return;
    }
  }

  /** False when the turn is over here and the agent was not told; throws `RequestRefused` while it has not begun. */
  steer({ turnId, steer }: SupervisorSteer): boolean {
    const { agent, session } = this.#input;
    const { promptId } = steer;
    const { turns } = session.recorder.generation;
    const decision = turns.decideSteer({ turnId, promptId });
    if (decision === 'unknown') throw new RequestRefused('unknown', `turn ${turnId} has not begun here`);
    if (decision !== 'tell') return decision === 'known';
    const isRunning = turns.running === turnId;
    if (isRunning && !agent.takesSteers(turnId)) return false;
    this.#recordSteer(turnId, steer);
    const { sessionId } = session.request;
    if (isRunning) agent.steer({ text: steer.text, uuid: steerUuid({ sessionId, turnId, promptId }) });
    return true;
  }

  /** False when that turn does not run here (any more). */
  interrupt(turnId: string, reason: InterruptReason): boolean {
    if (this.#suspending?.turnId !== turnId) return this.#input.agent.interrupt(turnId, reason);
    this.#suspending.reason = strongerReason(this.#suspending.reason, reason);
    return true;
  }

  /** Resolves when no turn runs. */
  async idle(): Promise<void> {
    await this.#run;
  }

  #recordSteer(turnId: string, steer: SupervisorSteer['steer']): void {
    this.#steers.add(turnId, steer);
    this.#input.session.recorder.record({ kind: 'turn.steered', turnId, promptId: steer.promptId });
  }

  #start(request: TurnRequest, cause: ContinuationCause): void {
    const { recorder } = this.#input.session;
    const { turnId, continuation, steers } = request;
    for (const steer of steers) {
      if (recorder.generation.turns.isSteered({ turnId, promptId: steer.promptId }))
        this.#steers.add(turnId, steer);
      else this.#recordSteer(turnId, steer);
    }
    recorder.record({ kind: 'turn.started', turnId, continuation });
    // A failure in here means that the journal or the agent's processes are out of hand: it ends the supervisor.
    this.#run = this.#work(request, cause);
  }

  async #work(request: TurnRequest, cause: ContinuationCause): Promise<void> {
    const { agent, session } = this.#input;
    const { turnId, continuation, options, carriedOver } = request;
    // What is said from now on, the running agent is told by itself.
    const steers = this.#steers.of(turnId);
    const end = await agent.run({
      turnId,
      continuation,
      options,
      carriedOver: carriedOver ?? null,
      messageFor: async (conversation) => turnMessage({ session, request, cause, steers }, conversation),
    });
    if (end.kind === 'lost') {
      const losses = session.recorder.generation.turns.lossesOf(turnId);
      session.recorder.record({
        kind: 'turn.lost',
        turnId,
        cause: 'agent-died',
        message: end.message,
        losses,
      });
      return;
    }
    const totals = addTotals(end.totals, carriedOver);
    await (end.kind === 'suspended'
      ? this.#suspend(turnId, totals)
      : this.#finish(turnId, { ...end, totals }));
  }

  /** The agent ends before anything is taken, so that its transcript is whole. */
  async #suspend(turnId: string, totals: TurnTotals): Promise<void> {
    const { agent, session, settings } = this.#input;
    const suspending = { turnId, reason: { kind: 'suspend' } as InterruptReason };
    this.#suspending = suspending;
    await agent.end();
    const carried = await carryTurn({ settings, session, turnId });
    this.#suspending = null;
    const { reason } = suspending;
    const { agentSessionId } = agent.mirror;
    if (reason.kind === 'suspend') {
      session.recorder.record({ kind: 'turn.suspended', turnId, totals, agentSessionId, carried });
    } else {
      const outcome =
        reason.kind === 'limit' ? failedBy(reason.message) : ({ status: 'interrupted' } as const);
      session.recorder.record({
        kind: 'turn.ended',
        turnId,
        outcome,
        totals,
        answer: '',
        agentSessionId,
        carried,
      });
    }
    await session.recorder.generation.journal.sync();
  }

  async #finish(turnId: string, end: Extract<TurnEnd, { kind: 'ended' }>): Promise<void> {
    const { agent, session, settings } = this.#input;
    const carried = await carryTurn({ settings, session, turnId });
    const { outcome, answer, totals } = end;
    const { agentSessionId } = agent.mirror;
    session.recorder.record({ kind: 'turn.ended', turnId, outcome, totals, answer, agentSessionId, carried });
    await session.recorder.generation.journal.sync();
  }
}
