/** What a run left for the oracle to look at. */
import type { SessionEvent } from '../../src/client.ts';
import type { Consequence } from '../faults/fault.ts';
import type { SentExec, SentPrompt } from '../scenario/play.ts';

export type Evidence = {
  run: string;
  /** Null: undisturbed. */
  consequence: Consequence | null;
  /** The event log as it was read when everything was over. */
  log: readonly SessionEvent[];
  /** How many events the log had each time the fault struck. */
  strikes: readonly number[];
  /** What the supervisors wrote into their journals. */
  records: readonly { generation: number; what: string }[];
  stayed: readonly SessionEvent[];
  reconnected: readonly SessionEvent[];
  prompts: readonly SentPrompt[];
  execs: readonly SentExec[];
  pushes: { wanted: number; seen: number };
  effects: (effect: string) => number;
  /** Messages of the last request for the answer to the last prompt that was not interrupted, as JSON. */
  lastConversation: string;
  /** What the session's workflow and its Temporal execution say. */
  end: { status: string; execution: string; pendingActivities: number };
  /** What is still there, each a phrase. */
  leftovers: readonly string[];
  /** Where a canary credential was found, each a phrase. */
  leaks: readonly string[];
  /** Errors of the scenario itself and of the followers. */
  errors: readonly string[];
};
