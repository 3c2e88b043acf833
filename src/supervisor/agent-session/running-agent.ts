/** One agent process with what is known of it: what it resumed from, its limits, its model, and what it has cost. */
import type { AgentResult } from '../../agent/results.ts';
import type { TranscriptEntry } from '../../contracts/transcript.ts';
import type { AgentLimits } from './agent-limits.ts';
import type { AgentProcess } from './agent-process.ts';
import type { Cost } from './run-end.ts';
import { costIn } from './transcript-entries.ts';

export type RunningAgentInput = {
  process: AgentProcess;
  /** What it resumed from; empty for a new conversation. */
  resumed: readonly TranscriptEntry[];
  limits: AgentLimits;
  model: string | undefined;
};

const interruptSeconds = 10;
const interruptAgainMs = 1_000;

export class RunningAgent {
  readonly process: AgentProcess;
  readonly resumed: readonly TranscriptEntry[];
  readonly limits: AgentLimits;
  readonly #costAtStart: number;
  #cost: Cost | null;
  #model: string | undefined;

  constructor({ process, resumed, limits, model }: RunningAgentInput) {
    this.process = process;
    this.resumed = resumed;
    this.limits = limits;
    this.#cost = costIn(resumed);
    this.#costAtStart = this.#cost?.cumulativeCostUsd ?? 0;
    this.#model = model;
  }

  /** Of the conversation, as its last result said. */
  get cost(): Cost | null {
    return this.#cost;
  }

  get spentUsd(): number {
    return (this.#cost?.cumulativeCostUsd ?? 0) - this.#costAtStart;
  }

  bill(result: AgentResult): void {
    this.#cost = result;
  }

  async useModel(model: string | undefined): Promise<void> {
    if (model === this.#model) return;
    await this.process.setModel(model);
    this.#model = model;
  }

  /**
   * An interrupt that comes before the agent has begun is not heeded, and one behind a message that cut in lets the running
   * tool end first: so it is repeated until `over`, then the agent is killed.
   */
  async insist(over: Promise<unknown>, onDropped: (messageIds: readonly string[]) => void): Promise<void> {
    const interrupt = (): void => void this.process.interrupt().then(onDropped);
    const again = setInterval(interrupt, interruptAgainMs);
    const last = setTimeout(() => void this.process.kill(), interruptSeconds * 1_000);
    interrupt();
    await Promise.race([over, this.process.exited]).finally(() => {
      clearInterval(again);
      clearTimeout(last);
    });
  }
}
