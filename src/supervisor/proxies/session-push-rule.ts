/** The rule of one session's pushes: Safe-Carry-Forward, with what went over the wire before and the session's repositories. */
import { join } from 'node:path';
import { readAncestry, type Ancestry } from '../../git/ancestry.ts';
import { judgeUpdate } from '../../git/carry-forward.ts';
import { branchKey, type PushLedger, withPush } from '../../git/push-ledger.ts';
import type { PushRule } from '../../git/push-rule.ts';
import type { GitRunner } from '../../git/runner.ts';
import type { Settings } from '../settings.ts';
import { createBoundedGit } from './bounded-git.ts';
import { readLedger, writeLedger } from './ledger-file.ts';

export type SessionPushRule = {
  /** The session's own branch, `harvest/<sessionId>`. */
  ownBranch: string;
  /** Where the session has its repositories, by their names. */
  directoryOf: (repository: string) => string;
  /** As the agent user; bounded, because a push waits for it. */
  run: GitRunner;
  /** What was pushed before this proxy started. */
  ledger: PushLedger;
  /** The ledger after a push. */
  keep: (ledger: PushLedger) => void;
};

/** `ownBranch`: `harvest/<sessionId>`. */
export function sessionPushRule(settings: Settings, ownBranch: string): PushRule {
  const ledgerPath = join(settings.statePath, 'push-ledger.json');
  return createSessionPushRule({
    ownBranch,
    directoryOf: (repository) => join(settings.workspacePath, repository),
    run: createBoundedGit(settings, { timeoutMs: 20_000, mostBytes: 64 * 1024 * 1024 }),
    ledger: readLedger(ledgerPath),
    keep: (ledger) => {
      writeLedger(ledgerPath, ledger);
    },
  });
}

export function createSessionPushRule({
  ownBranch,
  directoryOf,
  run,
  ledger: earlier,
  keep,
}: SessionPushRule): PushRule {
  let ledger = earlier;
  return {
    refusalOf: ({ repository, command }) => {
      const standing = ledger.get(branchKey({ repository, ref: command.ref }));
      const verdict = judgeUpdate({ command, ownBranch, standing });
      if (verdict.kind === 'allowed') return null;
      if (verdict.kind === 'refused') return verdict.reason;
      const directory = directoryOf(repository);
      const asked = readAncestry(run, { directory, ancestor: verdict.keeps, descendant: command.after });
      return asked.then(
        (ancestry) => sentenceOf(ancestry, directory, verdict.otherwise),
        () => unseen(`git could not compare the histories in ${directory}`, directory),
      );
    },
    confirmed: (update) => {
      ledger = withPush(ledger, update);
      keep(ledger);
    },
  };
}

function sentenceOf(ancestry: Ancestry, directory: string, otherwise: string): string | null {
  switch (ancestry) {
    case 'contained':
      return null;
    case 'not-contained':
      return otherwise;
    case 'unknown-commit':
      return unseen(`the commit is not in ${directory}`, directory);
  }
}

/** Without the histories nobody knows what would be lost. */
function unseen(why: string, directory: string): string {
  return `${why}: fetch and push from ${directory}, or push to a new branch below harvest/`;
}
