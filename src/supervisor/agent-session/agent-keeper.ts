/**
 * The one warm process of the agent: started when it is needed, again when it ended or does not fit, ended as a whole. Owns
 * the mirror of the transcript, which outlives every process and is what the next one resumes from.
 */
import type { Options, SDKMessage } from '@anthropic-ai/claude-agent-sdk';
import { createAgentEventMapper, type AgentEventMapper } from '../../agent/agent-events.ts';
import type { TranscriptEntry } from '../../contracts/transcript.ts';
import type { Recorder } from '../recorder.ts';
import { makeFolder } from '../processes/folders.ts';
import { runNameOf } from '../processes/run-name.ts';
import type { Settings } from '../settings.ts';
import { fits, type AgentLimits } from './agent-limits.ts';
import { AgentProcess } from './agent-process.ts';
import { agentSdk } from './agent-sdk.ts';
import { RunningAgent } from './running-agent.ts';
import { readTranscript, removeNotedEnds } from './transcript-file.ts';
import { TranscriptMirror } from './transcript-mirror.ts';

export type AgentKeeperInput = {
  settings: Settings;
  recorder: Recorder;
  /** The folder the agent starts in. */
  cwd: string;
  /** The session's; the agent's own default when absent. */
  model: string | undefined;
  options: (more: { resume: string | undefined } & AgentLimits) => Options;
  /** The conversation to go on with; null for a new one. */
  agentSessionId: string | null;
};

export type AgentKeeperEvents = {
  onMessage: (message: SDKMessage, mapper: AgentEventMapper) => void;
  onWarning: (message: string) => void;
};

/** What a process may use, by what it resumes from. */
export type LimitsFor = (resumed: readonly TranscriptEntry[]) => AgentLimits;

export class AgentKeeper {
  readonly mirror: TranscriptMirror;
  readonly #input: AgentKeeperInput & AgentKeeperEvents;
  #agent: Promise<RunningAgent> | null = null;
  #processes = 0;
  /** A process was told something: there is a conversation. */
  hasRun = false;

  constructor(input: AgentKeeperInput & AgentKeeperEvents) {
    this.#input = input;
    this.mirror = new TranscriptMirror(input.recorder, input.agentSessionId);
  }

  /** The process that there is, or is being started. */
  async current(): Promise<RunningAgent | null> {
    return this.#agent;
  }

  async any(): Promise<RunningAgent> {
    return this.#ensure(() => ({}));
  }

  /** The warm process, unless its limits are others. */
  async fitting(limitsFor: LimitsFor): Promise<RunningAgent> {
    const agent = await this.#ensure(limitsFor);
    if (fits(agent, limitsFor(agent.resumed))) return agent;
    await this.end();
    return this.#ensure(limitsFor);
  }

  /** Ends the agent so that its transcript is whole. */
  async end(): Promise<void> {
    await (await this.#agent)?.process.end();
    await this.catchUp();
  }

  async kill(): Promise<void> {
    await (await this.#agent)?.process.kill();
  }

  /** The agent's own file; null when there is none. */
  async entries(): Promise<TranscriptEntry[] | null> {
    const { settings, cwd } = this.#input;
    const { agentSessionId } = this.mirror;
    return agentSessionId === null ? null : readTranscript(settings, { cwd, agentSessionId });
  }

  /** What the mirror did not bring, the agent's own file does: an agent that was killed tells nothing more. */
  async catchUp(): Promise<void> {
    if (this.#agent !== null && this.mirror.gotEntries) return;
    const entries = await this.entries();
    if (entries !== null) this.mirror.catchUp(entries);
  }

  async #ensure(limitsFor: LimitsFor): Promise<RunningAgent> {
    const known = await this.#agent;
    // One that is about to be gone must not take the turn with it.
    if (known?.process.hasEnded === true) await known.process.exited;
    this.#agent ??= this.#start(limitsFor).catch((error: unknown) => {
      this.#agent = null;
      throw error;
    });
    return this.#agent;
  }

  async #start(limitsFor: LimitsFor): Promise<RunningAgent> {
    const { settings, cwd, options, model, onMessage } = this.#input;
    const { agentSessionId } = this.mirror;
    const [entries] = await Promise.all([
      this.entries(),
      // The agent itself may have removed the folder it is to start in.
      makeFolder(settings, cwd),
      // Loaded while those programs run.
      agentSdk(),
    ]);
    if (entries !== null) this.mirror.catchUp(entries);
    else if (this.hasRun)
      this.#input.onWarning('The transcript of the agent is gone: it begins a new conversation.');
    const mapper = createAgentEventMapper();
    const limits = limitsFor(entries ?? []);
    const resume = entries === null ? undefined : (agentSessionId ?? undefined);
    if (resume !== undefined) await removeNotedEnds(settings, { cwd, agentSessionId: resume });
    const process = await AgentProcess.start({
      settings,
      run: runNameOf(settings, `agent.${++this.#processes}`),
      options: { ...options({ resume, ...limits }), sessionStore: this.mirror.store },
      onMessage: (message) => onMessage(message, mapper),
    });
    const forget = (): void => void (this.#agent = null);
    process.exited.then(forget, forget);
    return new RunningAgent({ process, resumed: entries ?? [], limits, model });
  }
}
