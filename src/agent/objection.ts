/** What a rule says against a call of git. */

/** Changes of files that git knows, or files that it does not know, in the folder or below. */
export type UncommittedWork = 'changes' | 'untracked';

/** `losesWork` is denied only where there is such work. */
export type Objection =
  | { kind: 'deny'; sentence: string }
  | { kind: 'losesWork'; work: UncommittedWork; sentence: string };

export function deny(sentence: string): Objection {
  return { kind: 'deny', sentence };
}
