/**
 * The session's conversation with its agent over any number of agent processes. Owns: the one warm process, which turn it
 * works on, what that turn cost, and the mirror of the transcript. A turn ends here in exactly one of two ways: with a
 * result, or lost with its process (I10); what follows from it is not decided here.
 */
import type { Options, SDKMessage } from '@anthropic-ai/claude-agent-sdk';
import { createAgentEventMapper, type AgentEventMapper } from '../../agent/agent-events.ts';
import type { DeltaBody } from '../../agent/coalesce.ts';
import type { TranscriptEntry } from '../../contracts/transcript.ts';
import type { Recorder } from '../recorder.ts';
import { makeFolder } from '../processes/folders.ts';
import { runNameOf } from '../processes/agent-user.ts';
import type { Settings } from '../settings.ts';
import { agentSdk } from './agent-sdk.ts';
import { AgentProcess } from './agent-process.ts';
import { AgentTurn, type Cost, type TurnEnd, type TurnInput } from './agent-turn.ts';
import { costIn } from './transcript-entries.ts';
import { readTranscript } from './transcript-file.ts';
import { TranscriptMirror } from './transcript-mirror.ts';
import { messageUuid, type Uuid } from './message-uuid.ts';

export type AgentSessionInput = {
  settings: Settings;
  recorder: Recorder;
  sessionId: string;
  /** The folder the agent starts in. */
  cwd: string;
  options: (resume: string | undefined) => Options;
  /** The conversation to go on with; null for a new one. */
  agentSessionId: string | null;
};

type Running = { process: AgentProcess; resumed: readonly TranscriptEntry[] };

const interruptSeconds = 10;
const interruptAgainMs = 1_000;

export class AgentSession {
  readonly mirror: TranscriptMirror;
  readonly #input: AgentSessionInput;
  #process: Promise<Running> | null = null;
  #processes = 0;
  #hasRun = false;
  #turn: AgentTurn | null = null;
  #earlier: Cost | null = null;

  constructor(input: AgentSessionInput) {
    this.#input = input;
    this.mirror = new TranscriptMirror(input.recorder, input.agentSessionId);
  }

  /** Starts the agent's process ahead of the next turn. */
  warm(): void {
    this.#ensure().catch(() => undefined);
  }

  /** One at a time. */
  async run(input: TurnInput): Promise<TurnEnd> {
    const turn = new AgentTurn(input, this.#uuidOf(input, input.continuation));
    this.#turn = turn;
    this.mirror.beginTurn();
    try {
      const first = await this.#tell(turn);
      // An agent that was dead before it could read the prompt died between turns: nothing was lost with it.
      const isUnheard = first.kind === 'lost' && !turn.heard && turn.givenUp === null;
      return isUnheard ? await this.#tell(turn) : first;
    } finally {
      this.#input.recorder.endBlocks();
      await this.#catchUp();
      this.#turn = null;
    }
  }

  async #tell(turn: AgentTurn): Promise<TurnEnd> {
    const { process, resumed } = await this.#ensure();
    if (turn.interrupted || turn.givenUp !== null) await process.kill();
    const { continuation, messageFor } = turn.input;
    const holds = (run: number): boolean =>
      resumed.some(({ uuid }) => uuid === this.#uuidOf(turn.input, run));
    if (holds(continuation))
      return { kind: 'lost', message: 'the agent ended as soon as it had read the prompt' };
    const holdsPrompt = Array.from({ length: continuation }, (_, run) => run).some(holds);
    const isNew = resumed.length === 0 && !this.#hasRun;
    process.send(await messageFor({ resumed, isNew, holdsPrompt }), turn.uuid);
    this.#hasRun = true;
    const end = await Promise.race([turn.result, process.exited]);
    if (!('outcome' in end)) return turn.died(end.message);
    const earlier = this.#earlier;
    this.#earlier = end;
    return turn.ended(earlier, end);
  }

  #uuidOf({ turnId }: TurnInput, run: number): Uuid {
    const { sessionId, recorder } = this.#input;
    return messageUuid(`${sessionId} ${recorder.generation.number} ${turnId}`, run);
  }

  /** False when that turn does not run. It ends soon, as interrupted, whatever the agent makes of it. */
  interrupt(turnId: string): boolean {
    const turn = this.#turn;
    if (turn === null || turn.input.turnId !== turnId) return false;
    if (!turn.interrupted) void this.#insist(turn);
    turn.interrupted = true;
    return true;
  }

  /** Ends the agent under the running turn, which is lost then. */
  async giveUp(turnId: string, message: string): Promise<void> {
    const turn = this.#turn;
    if (turn === null || turn.input.turnId !== turnId) return;
    turn.givenUp = message;
    await (await this.#process)?.process.kill();
  }

  /** Ends the agent so that its transcript is whole. */
  async end(): Promise<void> {
    await (await this.#process)?.process.end();
    await this.#catchUp();
  }

  async kill(): Promise<void> {
    await (await this.#process)?.process.kill();
  }

  async #ensure(): Promise<Running> {
    const known = await this.#process;
    // One that is about to be gone must not take the turn with it.
    if (known?.process.hasEnded === true) await known.process.exited;
    this.#process ??= this.#start().catch((error: unknown) => {
      this.#process = null;
      throw error;
    });
    return this.#process;
  }

  async #start(): Promise<Running> {
    const { settings, cwd, options } = this.#input;
    const { agentSessionId } = this.mirror;
    const [entries] = await Promise.all([
      agentSessionId === null ? null : readTranscript(settings, { cwd, agentSessionId }),
      // The agent itself may have removed the folder it is to start in.
      makeFolder(settings, cwd),
      // Loaded while those programs run.
      agentSdk(),
    ]);
    if (entries !== null) this.mirror.catchUp(entries);
    else if (this.#hasRun) this.#warn('The transcript of the agent is gone: it begins a new conversation.');
    this.#earlier = entries === null ? null : costIn(entries);
    const mapper = createAgentEventMapper();
    const resume = entries === null ? undefined : (agentSessionId ?? undefined);
    const process = await AgentProcess.start({
      settings,
      run: runNameOf(settings, `agent.${++this.#processes}`),
      options: { ...options(resume), sessionStore: this.mirror.store },
      onMessage: (message) => this.#onMessage(message, mapper),
    });
    const forget = (): void => void (this.#process = null);
    process.exited.then(forget, forget);
    return { process, resumed: entries ?? [] };
  }

  #onMessage(message: SDKMessage, mapper: AgentEventMapper): void {
    const { recorder } = this.#input;
    const turnId = this.#turn?.input.turnId;
    if (this.#turn !== null) this.#turn.heard = true;
    // The whole of a block comes after all of its pieces.
    if (message.type === 'assistant') recorder.endBlocks(message.message.id);
    // Redacted before anything is cut (I11). Pieces of text are redacted as a stream by the recorder.
    const readable = message.type === 'stream_event' ? message : recorder.redactor.json(message);
    for (const step of mapper.map(readable)) {
      if (step.kind === 'event') recorder.event(step.body, turnId);
      if (step.kind === 'delta') recorder.delta(step.body satisfies DeltaBody, turnId);
      if (step.kind === 'result') this.#turn?.hear(message, step.result);
    }
  }

  /** An interrupt that comes before the agent has begun is not heeded, so it is repeated; then the agent is killed. */
  async #insist(turn: AgentTurn): Promise<void> {
    const process = (await this.#process)?.process;
    if (process === undefined) return;
    const again = setInterval(() => process.interrupt(), interruptAgainMs);
    const last = setTimeout(() => void process.kill(), interruptSeconds * 1_000);
    process.interrupt();
    await Promise.race([turn.result, process.exited]).finally(() => {
      clearInterval(again);
      clearTimeout(last);
    });
  }

  /** What the mirror did not bring, the agent's own file does: an agent that was killed tells nothing more. */
  async #catchUp(): Promise<void> {
    if (this.#process !== null && this.mirror.gotEntries) return;
    const { agentSessionId } = this.mirror;
    const { settings, cwd } = this.#input;
    const entries = agentSessionId === null ? null : await readTranscript(settings, { cwd, agentSessionId });
    if (entries !== null) this.mirror.catchUp(entries);
    if (this.#turn === null || this.mirror.gotEntries) return;
    this.#warn('The agent gave no transcript of this turn: it will not remember it in a new sandbox.');
  }

  #warn(message: string): void {
    this.#input.recorder.event({ type: 'warning', data: { message } }, this.#turn?.input.turnId);
  }
}
