/** Whose a running sandbox is, judged from its tags, the ledger and its session. Pure. */
import { sandboxNameOf } from '../contracts/ids.ts';
import type { ListedSandbox } from '../sandbox/provider.ts';
import type { SandboxRecord } from '../store/store.ts';

/**
 * What Temporal says of a session. `running`: `ownsSandbox` false means that it is paused. `unknown`: Temporal has no such
 * workflow, which it also says of one that closed long ago, and when it is the wrong Temporal.
 */
export type SessionLife =
  | { kind: 'running'; ownsSandbox: boolean }
  | { kind: 'closed' }
  | { kind: 'unknown' };

export type Ownership =
  | { kind: 'owned' }
  /** Not of this Harvest: nothing of it is our business. */
  | { kind: 'foreign' }
  /** Ours, and perhaps somebody's: it is left alone, and told. */
  | { kind: 'unclear'; why: string }
  | { kind: 'unowned'; name: string; why: string };

export type OwnTags = { name: string; sessionId: string; generation: number };

/** Null for a sandbox that no Harvest has created. */
export function ownTagsOf({ name, tags }: ListedSandbox): OwnTags | null {
  const { session: sessionId, generation } = tags;
  if (name === null || sessionId === undefined || !/^[1-9]\d*$/.test(generation ?? '')) return null;
  const own = { name, sessionId, generation: Number(generation) };
  return sandboxNameOf(own.sessionId, own.generation) === name ? own : null;
}

export type Claims = {
  /** The row of the sandbox's name, and the newest generation of its session in the ledger. */
  row: SandboxRecord | null;
  newestGeneration: number;
  life: SessionLife;
};

/** I7: what is ours is in our ledger since before it was created. What is not is another Harvest's in the same app. */
export function ownershipOf(sandbox: ListedSandbox, { row, newestGeneration, life }: Claims): Ownership {
  const own = ownTagsOf(sandbox);
  if (own === null || row === null) return { kind: 'foreign' };
  if (row.sandboxId !== null && row.sandboxId !== sandbox.sandboxId)
    return unowned(own, `sandbox ${row.sandboxId} has its name and place`);
  if (life.kind === 'unknown')
    return { kind: 'unclear', why: `Temporal knows nothing of its session "${own.sessionId}"` };
  if (life.kind === 'closed') return unowned(own, `its session "${own.sessionId}" is closed`);
  if (row.endedAt !== null) return unowned(own, `the ledger has its end: ${row.endedReason}`);
  if (own.generation < newestGeneration)
    return unowned(own, `its session "${own.sessionId}" is at generation ${newestGeneration}`);
  if (!life.ownsSandbox) return unowned(own, `its session "${own.sessionId}" is paused`);
  return { kind: 'owned' };
}

function unowned({ name }: OwnTags, why: string): Ownership {
  return { kind: 'unowned', name, why };
}
