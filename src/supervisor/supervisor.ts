/**
 * The supervisor without its wire: one generation, at most one started session in it. Owns the order of things: a
 * predecessor's processes end before anything begins, a start before turns and execs, everything before a snapshot.
 * Keeps I2 (all acts go through the records), I8 (secrets only in the session's proxies) and I10.
 */
import type {
  InterruptReason,
  StartRequest,
  SupervisorExecRequest,
  SupervisorFiles,
  SupervisorFilesRequest,
  SupervisorStatus,
  SupervisorSteer,
  TurnRequest,
} from '../contracts/supervisor.ts';
import type { AgentSession } from './agent-session/agent-session.ts';
import { RequestRefused } from './errors.ts';
import { ExecRuns } from './execs/exec-runs.ts';
import { Generation } from './generation.ts';
import type { Span } from './journal/journal.ts';
import { endEveryRun } from './processes/sweep.ts';
import { runPrefixOf } from './processes/run-name.ts';
import { recoverGeneration, removeOtherGenerations } from './recovery.ts';
import { removePackageCaches } from './package-caches.ts';
import { readRepositoryFiles } from './repositories/repository-files.ts';
import { openSession, type Session } from './start/session.ts';
import { failureOf, findEverything, placeEverything } from './start/start-session.ts';
import type { Settings } from './settings.ts';
import { TurnRuns } from './turns/turn-runs.ts';

/** What a request asked to follow: its journal, and where that stream ends. */
export type Followed = { generation: Generation; ending: () => Span | undefined };

type Running = { session: Session; agent: AgentSession; turns: TurnRuns; execs: ExecRuns };
type Versions = { supervisorVersion: string; runtimeVersion: string };

export class Supervisor {
  readonly settings: Settings;
  readonly #versions: Versions;
  #generation: Generation | null;
  #running: Running | null = null;
  /** The start under way, and where in the journal it began. */
  #start: { done: Promise<void>; beganAt: number } | null = null;

  private constructor(settings: Settings, versions: Versions, generation: Generation | null) {
    this.settings = settings;
    this.#versions = versions;
    this.#generation = generation;
  }

  static async open(settings: Settings, versions: Versions): Promise<Supervisor> {
    await endEveryRun(settings, runPrefixOf(settings));
    return new Supervisor(settings, versions, await recoverGeneration(settings));
  }

  status(): SupervisorStatus {
    return {
      ...this.#versions,
      started: this.#running !== null,
      generation: this.#generation?.number ?? null,
      journalBytes: this.#generation?.journal.size ?? 0,
      turnId: this.#generation?.turns.running ?? null,
      agent: this.#running?.agent.state ?? null,
    };
  }

  get generation(): Generation {
    if (this.#generation === null) throw new RequestRefused('not-started', 'nothing was started here yet');
    return this.#generation;
  }

  /** Attaches to the start under way, replays one that is over, else starts. */
  async start(request: StartRequest): Promise<Followed> {
    const generation = await this.#generationOf(request.generation);
    refuseUnknownOffset(generation, request.from);
    const failure = this.#start === null ? generation.starts.unseenFailure(request.from) : undefined;
    if (failure !== undefined) return { generation, ending: () => failure };
    if (this.#running === null && this.#start === null) {
      const beganAt = generation.journal.size;
      const done = this.#begin(generation, request).finally(() => (this.#start = null));
      this.#start = { done, beganAt };
    }
    const beganAt = this.#start?.beganAt ?? 0;
    const ending = (): Span | undefined => {
      const { newest } = generation.starts;
      return newest !== undefined && newest.start >= beganAt ? newest : undefined;
    };
    return { generation, ending };
  }

  async turn(request: TurnRequest): Promise<Followed> {
    const { generation } = this;
    refuseUnknownOffset(generation, request.from);
    await this.#started().turns.request(request);
    return { generation, ending: () => generation.turns.endingOf(request) };
  }

  exec(request: SupervisorExecRequest): Followed {
    const { generation } = this;
    refuseUnknownOffset(generation, request.from);
    this.#started().execs.request(request);
    return { generation, ending: () => generation.execs.endingOf(request.execId) };
  }

  /** Starts the agent ahead of the first turn, if there is a session. */
  warm(): void {
    this.#running?.agent.warm();
  }

  interrupt(turnId: string, reason: InterruptReason): boolean {
    return this.#running?.turns.interrupt(turnId, reason) ?? false;
  }

  steer(request: SupervisorSteer): boolean {
    return this.#started().turns.steer(request);
  }

  async files({ repository: name, files }: SupervisorFilesRequest): Promise<SupervisorFiles> {
    const repository = this.#started().session.repositories.find((candidate) => candidate.name === name);
    if (repository === undefined) throw new RequestRefused('unknown', `there is no repository ${name}`);
    return readRepositoryFiles({ settings: this.settings, repository }, files);
  }

  /** For a snapshot: agent and execs ended, everything on disk. What follows needs a new start. */
  async quiesce(): Promise<number> {
    await this.#start?.done;
    const { generation } = this;
    if (generation.turns.running !== null) {
      throw new RequestRefused('turn-running', `turn ${generation.turns.running} is running`);
    }
    const running = this.#running;
    this.#running = null;
    if (running !== null) await end(running);
    if (this.settings.exclusiveAgentUser) await endEveryRun(this.settings, runPrefixOf(this.settings));
    await removePackageCaches(this.settings);
    await generation.journal.sync();
    return generation.journal.size;
  }

  /** Ends what runs, as a process that ends on request should. */
  async close(): Promise<void> {
    await this.#running?.agent.kill();
    await this.#running?.session.close();
    await endEveryRun(this.settings, runPrefixOf(this.settings));
  }

  #started(): Running {
    if (this.#running === null) throw new RequestRefused('not-started', 'the session is not started here');
    return this.#running;
  }

  async #generationOf(number: number): Promise<Generation> {
    const known = this.#generation;
    if (known?.number === number) return known;
    if (known !== null && (number < known.number || this.#running !== null || this.#start !== null)) {
      throw new RequestRefused('other-generation', `generation ${known.number} is here, not ${number}`);
    }
    const opened = await Generation.open(this.settings.statePath, number);
    // Another request may have been as fast.
    if (this.#generation !== known) return this.#generationOf(number);
    this.#generation = opened;
    await removeOtherGenerations(this.settings, number);
    return opened;
  }

  async #begin(generation: Generation, request: StartRequest): Promise<void> {
    const session = await openSession({ settings: this.settings, generation, request });
    try {
      const { heads, agentSessionId } = generation.starts.finishedOnce
        ? await findEverything(this.settings, session)
        : await placeEverything(this.settings, session);
      const agent = session.createAgent(agentSessionId);
      const turns = new TurnRuns({ settings: this.settings, session, agent });
      this.#running = { session, agent, turns, execs: new ExecRuns(this.settings, session) };
      const { runtimeVersion } = this.#versions;
      session.recorder.record({ kind: 'start.finished', heads, runtimeVersion });
    } catch (error) {
      await session.close();
      session.recorder.record({ kind: 'start.failed', failure: failureOf(error) });
    }
  }
}

async function end({ session, agent, turns, execs }: Running): Promise<void> {
  await turns.idle();
  await Promise.all([agent.end(), execs.end()]);
  await session.close();
}

/** Throws `RequestRefused` unless a record of the journal starts there. */
export function refuseUnknownOffset({ journal }: Generation, from: number): void {
  if (journal.isBoundary(from)) return;
  throw new RequestRefused('bad-request', `no record of the journal starts at byte ${from}`);
}
