/** The rule of one session's pushes: Safe-Carry-Forward, with what went over the wire before and the session's repositories. */
import { join } from 'node:path';
import { readAncestry, type Ancestry } from '../../git/ancestry.ts';
import { judgeUpdate, type Verdict } from '../../git/carry-forward.ts';
import { branchKey, type PushLedger, withPush } from '../../git/push-ledger.ts';
import type { PushRefusal, SessionPushRule } from '../../git/push-rule.ts';
import type { PushCommand } from '../../git/receive-pack.ts';
import type { GitRunner } from '../../git/runner.ts';
import { AgentUserToolOutOfBounds } from '../processes/agent-user.ts';
import { createGitRunner } from '../repositories/git-runner.ts';
import type { Settings } from '../settings.ts';
import { readLedger, writeLedger } from './ledger-file.ts';

/** Each may take both time limits of git, and the agent's next push waits for all of them. */
const mostProofs = 10;

const gitBounds = { name: 'push', timeoutMs: 20_000, mostBytes: 64 * 1024 * 1024 };

/** Where the session has its repositories, by their names. */
type DirectoryOf = (repository: string) => string;

type SessionPushRuleInput = {
  /** The session's own branch, `harvest/<sessionId>`. */
  ownBranch: string;
  directoryOf: DirectoryOf;
  /** As the agent user; bounded, because a push waits for it. */
  run: GitRunner;
  /** What was pushed before this proxy started. */
  ledger: PushLedger;
  /** The ledger after a push. */
  keep: (ledger: PushLedger) => void;
};

/** `ownBranch`: `harvest/<sessionId>`. */
export function sessionPushRule(
  settings: Settings,
  ownBranch: string,
  directoryOf: DirectoryOf,
): SessionPushRule {
  const ledgerPath = join(settings.statePath, 'push-ledger.json');
  // Without the agent's environment: these git runs have no ticket.
  const env = { PATH: settings.agentPath, HOME: settings.agentHome };
  return createSessionPushRule({
    ownBranch,
    directoryOf,
    run: createGitRunner(settings, env, gitBounds),
    ledger: readLedger(ledgerPath),
    keep: (ledger) => {
      writeLedger(ledgerPath, ledger);
    },
  });
}

export function createSessionPushRule(input: SessionPushRuleInput): SessionPushRule {
  const { ownBranch, directoryOf, run, keep } = input;
  let { ledger } = input;
  return {
    refusalOf: async ({ repository, commands }) => {
      const standingOf = ({ ref }: PushCommand) => ledger.get(branchKey({ repository, ref }));
      const judged = commands.map((command) => ({
        command,
        verdict: judgeUpdate({ command, ownBranch, standing: standingOf(command) }),
      }));
      const outlook = outlookOf(judged);
      if (outlook.kind === 'refused') return outlook.refusal;
      const directory = directoryOf(repository);
      for (const proof of outlook.proofs) {
        const ancestry = await prove(run, directory, proof);
        const reason = sentenceOf(ancestry, directory, proof.otherwise);
        if (reason !== null) return { ref: proof.ref, reason };
      }
      return null;
    },
    confirmed: (update) => {
      ledger = withPush(ledger, update);
      keep(ledger);
    },
  };
}

/** What is pushed to `ref` may be pushed if it has `keeps` in its history. */
type Proof = { ref: string; pushed: string; keeps: string; otherwise: string };

type Outlook = { kind: 'refused'; refusal: PushRefusal } | { kind: 'depends'; proofs: Proof[] };

/** Before anything is proved: a push that is refused anyway costs no proof. */
function outlookOf(judged: readonly { command: PushCommand; verdict: Verdict }[]): Outlook {
  const proofs: Proof[] = [];
  for (const { command, verdict } of judged) {
    const { ref, after } = command;
    if (verdict.kind === 'refused') return { kind: 'refused', refusal: { ref, reason: verdict.reason } };
    if (verdict.kind === 'depends')
      proofs.push({ ref, pushed: after, keeps: verdict.keeps, otherwise: verdict.otherwise });
  }
  const beyond = proofs[mostProofs];
  if (beyond === undefined) return { kind: 'depends', proofs };
  const reason = `more than ${mostProofs} branches of this push need their histories compared: push fewer at once`;
  return { kind: 'refused', refusal: { ref: beyond.ref, reason } };
}

/** Rejects when git cannot be run at all. */
async function prove(run: GitRunner, directory: string, { pushed, keeps }: Proof): Promise<Ancestry> {
  try {
    return await readAncestry(run, { directory, ancestor: keeps, descendant: pushed });
  } catch (error) {
    if (error instanceof AgentUserToolOutOfBounds) return 'too-far';
    throw error;
  }
}

/** Without the histories nobody knows what would be lost. */
function sentenceOf(ancestry: Ancestry, directory: string, otherwise: string): string | null {
  switch (ancestry) {
    case 'contained':
      return null;
    case 'not-contained':
      return otherwise;
    case 'unknown-commit':
      return `the commit is not in ${directory}: fetch and push from ${directory}, or push to a new branch below harvest/`;
    case 'too-far':
      return `the histories in ${directory} take too long to compare: push in smaller steps, or push to a new branch below harvest/`;
  }
}
