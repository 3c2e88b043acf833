/** What a caller may say about a prompt or a command. */
import type { PromptMode, TurnOptions } from '../contracts/index.ts';

export type PromptAttributes = {
  /** Who asks, for people who watch: 1 to 200 characters. */
  author?: string;
  /**
   * How it meets a running turn. `queue` (the default): a turn of its own, after those that wait. `steer`: said to the agent
   * within the running turn. `interrupt`: a turn of its own, next, and the running one is interrupted. Where nothing runs
   * all three queue.
   */
  mode?: PromptMode;
  /** What its turn may use; a prompt that steers another turn runs with that one's. */
  options?: TurnOptions;
};

export type PromptOptions = PromptAttributes &
  (
    | {
        /**
         * The idempotency key, which becomes the turn's id: the same id and text again attach to the same turn. 1 to 100
         * characters of A-Z, a-z, 0-9, ".", "_" and "-". Without one, one is made, and a repeat is another prompt.
         */
        id?: string;
        after?: never;
      }
    | {
        /** Of the turn to rejoin. */
        id: string;
        /** Rejoin: events after this `seq` only. */
        after: number;
      }
  );

export type ExecOptions = {
  /** The idempotency key, of the same form as a prompt's: the same id and command again attach to the same run. */
  id?: string;
  /** Absolute, or relative to the first repository's folder, which is the default; at most 4,096 characters. */
  cwd?: string;
  /** Whole seconds until the command is killed: 1 to 86,400 (24 h); 600 by default. */
  timeoutSeconds?: number;
};
