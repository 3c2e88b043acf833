/**
 * What the session has put on the server's branches, known from the wire. Of each branch it keeps one pair, and the pair
 * stays true whatever happens on the server afterwards: a history is fixed by its commit's name. So an old ledger, or one
 * whose confirmations came in another order, can only lead to a refusal.
 */
import type { RefUpdate } from './push-rule.ts';
import { isCreation, isDeletion, type PushCommand } from './receive-pack.ts';

/** Every commit of `value` is in the history of `foreign`, or came to this branch by a push of this session. */
export type Standing = {
  /** Where the session's last push left the branch. */
  value: string;
  /** What the branch was when the session last found it moved by others; null when it began with a push of this session. */
  foreign: string | null;
};

export type PushLedger = ReadonlyMap<string, Standing>;

/** A session that pushes more branches than that may no longer rewrite or delete those it pushed first. */
const mostBranches = 1_000;

export function branchKey(at: { repository: string; ref: string }): string {
  return `${at.repository}\n${at.ref}`;
}

/**
 * The ledger after the server confirmed one command. The server compares the old value itself, in the same step in which it
 * moves the branch: what it confirmed it had there.
 */
export function withPush(ledger: PushLedger, push: RefUpdate): PushLedger {
  const { repository, command } = push;
  const key = branchKey({ repository, ref: command.ref });
  const earlier = ledger.get(key);
  const others = [...ledger].filter(([known]) => known !== key).slice(1 - mostBranches);
  if (isDeletion(command)) return new Map(others);
  return new Map([...others, [key, { value: command.after, foreign: foreignBelow(command, earlier) }]]);
}

function foreignBelow(command: PushCommand, earlier: Standing | undefined): string | null {
  if (isCreation(command)) return null;
  return earlier !== undefined && earlier.value === command.before ? earlier.foreign : command.before;
}
