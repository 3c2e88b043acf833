/**
 * Safe-Carry-Forward for pushes: what a session may do to the server's branches, decided from what the wire says. Nobody
 * else's commits are ever overwritten. The server compares a command's old value with its own, so that here it may be taken
 * for what the server has: when it is not, the server refuses the push.
 */
import { isHarvestBranch } from './push-rule.ts';
import type { Standing } from './push-ledger.ts';
import { isCreation, isDeletion, type PushCommand } from './receive-pack.ts';

export type Verdict =
  | { kind: 'allowed' }
  | { kind: 'refused'; reason: string }
  /** Allowed when the commit `keeps` is in the history of the command's new value. */
  | { kind: 'depends'; keeps: string; otherwise: string };

export type PushedUpdate = {
  command: PushCommand;
  /** The session's own branch, `harvest/<sessionId>`. */
  ownBranch: string;
  /** What the session knows of the branch from its own pushes. */
  standing: Standing | undefined;
};

/**
 * Anything below `harvest/` may be made and carried forward. History is rewritten on the session's own branch alone, while
 * the server has what this session last pushed there, and only by what keeps every commit that others put there. Deleted are
 * only the session's own checkpoints, while they are as this session pushed them.
 */
export function judgeUpdate(update: PushedUpdate): Verdict {
  const { command, ownBranch, standing } = update;
  if (command.ref.startsWith('refs/tags/')) {
    return refused(`tags are not pushed from a session: push the commit to ${ownBranch} instead`);
  }
  if (!isHarvestBranch(command.ref)) {
    return refused(
      `only branches below harvest/ may be pushed from this session: push to ${ownBranch} instead`,
    );
  }
  if (isDeletion(command)) return judgeDeletion(update);
  if (isCreation(command)) return { kind: 'allowed' };
  if (command.ref !== `refs/heads/${ownBranch}`) {
    return {
      kind: 'depends',
      keeps: command.before,
      otherwise: `only ${ownBranch} may be rewritten: fetch, rebase onto ${short(command.before)}, or push to a new branch below harvest/`,
    };
  }
  if (standing?.value !== command.before) {
    return {
      kind: 'depends',
      keeps: command.before,
      otherwise: `the server has ${short(command.before)} here, which this session did not push: fetch, rebase onto it, or push to a new branch below harvest/`,
    };
  }
  if (standing.foreign === null) return { kind: 'allowed' };
  return {
    kind: 'depends',
    keeps: standing.foreign,
    otherwise: `commits of others on this branch would be lost: rebase onto ${short(standing.foreign)} without changing what is before it, or push to a new branch below harvest/`,
  };
}

/** A branch below its own one is not possible in git (`harvest/s1` is a file where it would need a folder), so beside it. */
export function isCheckpointOf(ownBranch: string, ref: string): boolean {
  const prefix = `refs/heads/harvest/checkpoint-${ownBranch.replace(/^harvest\//, '')}-`;
  return ref.startsWith(prefix) && /^\d+$/.test(ref.slice(prefix.length));
}

function judgeDeletion({ command, ownBranch, standing }: PushedUpdate): Verdict {
  if (!isCheckpointOf(ownBranch, command.ref)) {
    return refused(
      'branches are not deleted from a session, except its own checkpoints: leave it, and push to a new branch below harvest/',
    );
  }
  if (standing?.value !== command.before || standing.foreign !== null) {
    return refused('this checkpoint is not what this session pushed there: leave it, and make a new one');
  }
  return { kind: 'allowed' };
}

function refused(reason: string): Verdict {
  return { kind: 'refused', reason };
}

function short(commit: string): string {
  return commit.slice(0, 10);
}
