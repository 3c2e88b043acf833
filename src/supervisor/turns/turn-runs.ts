/**
 * Runs turns, one at a time: from its acceptance in the journal to the record that ends it (I2, I3). What a request for a
 * turn means is decided by the turn record; here it is done.
 *
 * A running turn that is asked for with one continuation more is given up and continued in a new agent: how a silent agent
 * is to be replaced. The wire offers it; the workflow's clock that will ask is still to come.
 */
import { createHash } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { continuationNotice, enrichWithRecentMessages, type ContinuationCause } from '../../agent/notices.ts';
import type { CarriedWork } from '../../contracts/checkpoint.ts';
import type { TurnRequest } from '../../contracts/supervisor.ts';
import type { AgentSession } from '../agent-session/agent-session.ts';
import type { Conversation, TurnEnd } from '../agent-session/agent-turn.ts';
import { RequestRefused } from '../errors.ts';
import { bundlePathOf, takeCarriedWork, unreadableWork } from '../repositories/carried-bundles.ts';
import type { Session } from '../start/session.ts';
import type { Settings } from '../settings.ts';
import { finishedCalls, tellFinishedCalls } from './finished-calls.ts';

export type TurnRunsInput = { settings: Settings; session: Session; agent: AgentSession };

const silentMessage = 'the agent was silent, and was ended for its turn to be continued';

export class TurnRuns {
  readonly #input: TurnRunsInput;
  #run: Promise<void> = Promise.resolve();

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
        this.#start(request, 'agent-died');
        return;
      case 'continue':
        this.#start(request, isSilent ? 'silent' : decision.cause);
        return;
      case 'follow':
      case 'replace':
        return;
    }
  }

  /** Resolves when no turn runs. */
  async idle(): Promise<void> {
    await this.#run;
  }

  #start(request: TurnRequest, cause: ContinuationCause): void {
    const { recorder } = this.#input.session;
    const { turnId, continuation } = request;
    recorder.record({ kind: 'turn.started', turnId, continuation });
    // A failure in here means that the journal or the agent's processes are out of hand: it ends the supervisor.
    this.#run = this.#work(request, cause);
  }

  async #work(request: TurnRequest, cause: ContinuationCause): Promise<void> {
    const { agent, session } = this.#input;
    const { turnId, continuation } = request;
    const end = await agent.run({
      turnId,
      continuation,
      messageFor: async (conversation) => this.#messageFor(request, cause, conversation),
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
    } else {
      await this.#finish(turnId, end);
    }
  }

  async #messageFor(
    { turnId, continuation, text, notice }: TurnRequest,
    cause: ContinuationCause,
    { holdsPrompt, isNew, resumed }: Conversation,
  ): Promise<string> {
    const { recorder, request } = this.#input.session;
    const { journal, turns } = recorder.generation;
    if (holdsPrompt) {
      const calls = await finishedCalls(journal, { turnId, from: turns.firstStartOf(turnId) });
      return continuationNotice({ cause, count: continuation }) + tellFinishedCalls(calls, resumed);
    }
    const prompt = notice === undefined ? text : `${notice}\n\n${text}`;
    return isNew ? enrichWithRecentMessages(prompt, request.restore?.recentMessages ?? []) : prompt;
  }

  async #finish(turnId: string, end: Extract<TurnEnd, { kind: 'ended' }>): Promise<void> {
    const { agent, session } = this.#input;
    const carried = await Promise.all(session.repositories.map((_, index) => this.#carry(turnId, index)));
    const { outcome, answer, totals } = end;
    const { agentSessionId } = agent.mirror;
    session.recorder.record({
      kind: 'turn.ended',
      turnId,
      outcome,
      totals,
      answer,
      agentSessionId,
      carried: carried.flat(),
    });
    await session.recorder.generation.journal.sync();
  }

  async #carry(turnId: string, index: number): Promise<CarriedWork[]> {
    const { settings, session } = this.#input;
    const repository = session.repositories[index];
    if (repository === undefined) return [];
    const { name, path } = repository;
    const bundlePath = bundlePathOf(session.recorder.generation.folder, { turnId, repository: name });
    await forgetEarlier(dirname(dirname(bundlePath)), turnId);
    const at = { settings, env: session.env, repository: { name, directory: path } };
    try {
      return [await takeCarriedWork(at, bundlePath)];
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      session.recorder.event(
        { type: 'warning', data: { message: `The work in ${name} is not carried: ${message}` } },
        turnId,
      );
      return [unreadableWork(name, message)];
    }
  }
}

/** The worker fetches the bundles of a turn before it asks for the next one. */
async function forgetEarlier(folder: string, turnId: string): Promise<void> {
  const turns = await readdir(folder).catch(() => []);
  const earlier = turns.filter((name) => name !== turnId);
  await Promise.all(earlier.map((name) => rm(join(folder, name), { recursive: true, force: true })));
}
