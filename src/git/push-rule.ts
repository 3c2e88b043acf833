/** What decides over a push, and which refs are branches of sessions. */
import type { PushCommand } from './receive-pack.ts';

/** One command of a push to one repository. */
export type RefUpdate = { repository: string; command: PushCommand };

/** All that one push asks of one repository. */
type Push = { repository: string; commands: readonly PushCommand[] };

/** One refused ref refuses the whole push. */
export type PushRefusal = { ref: string; reason: string };

/** What one session may push. */
export type SessionPushRule = {
  /** Null when the push is allowed. One push is asked about at a time. Rejects when it cannot be judged. */
  refusalOf(push: Push): Promise<PushRefusal | null>;
  /** The server said that it did what the command asks. Told before the agent hears of it. */
  confirmed(update: RefUpdate): void;
};

/** Where no session works, as in the build of a repo image. */
export const nothingIsPushed: SessionPushRule = {
  refusalOf: async ({ commands: [first] }) =>
    first === undefined ? null : { ref: first.ref, reason: 'nothing is pushed from here' },
  confirmed: () => undefined,
};

/** Below `harvest/`. Only names that git itself allows: what a server might take for another ref is no branch below `harvest/`. */
export function isHarvestBranch(ref: string): boolean {
  if (!ref.startsWith('refs/heads/harvest/')) return false;
  // First what is not printable: everything up to the space, and DEL.
  const forbidden = /[^!-~\u0080-\uffff]|[~^:?*[\\]|\.\.|\/\/|\/\.|@\{|\.lock(\/|$)|[/.]$/;
  return !forbidden.test(ref);
}
