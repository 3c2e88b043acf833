/** Explains early which pushes the git proxy would refuse, and which would overwrite what is not the session's. */
import { readOptions, type GitCommand } from './git-command.ts';
import { deny, type Objection } from './objection.ts';
import type { ShellWord } from './shell-commands.ts';

const pushValues: ReadonlySet<string> = new Set([
  '-o',
  '--push-option',
  '--receive-pack',
  '--exec',
  '--repo',
]);

export function pushRule({ name, args }: GitCommand, sessionBranch: string): Objection | null {
  if (name !== 'push') return null;
  const { names, words } = readOptions(args, pushValues);
  const [remote, ...refspecs] = words;
  // Another remote does not lead to the session's repository.
  if (names.has('-n') || names.has('--dry-run') || (remote !== undefined && remote.text !== 'origin'))
    return null;
  if (names.has('--mirror') || names.has('--all') || names.has('--branches') || names.has('--tags'))
    return refusal('it would push more than that', sessionBranch);
  const forced = ['-f', '--force', '--force-with-lease'].some((option) => names.has(option));
  const deletes = names.has('--delete') || names.has('-d');
  for (const refspec of refspecs) {
    const objection = refspecRule(refspec, { forced, deletes, sessionBranch });
    if (objection !== null) return objection;
  }
  return null;
}

function refspecRule(
  word: ShellWord,
  at: { forced: boolean; deletes: boolean; sessionBranch: string },
): Objection | null {
  // What the shell makes of it, or git of HEAD, the proxy sees.
  if (!word.isKnown) return null;
  const isForced = at.forced || word.text.startsWith('+');
  const [source = '', target] = word.text.replace(/^\+/, '').split(':', 2);
  const branch = (target ?? source).replace(/^refs\/heads\//, '');
  if (branch === 'HEAD' || branch === '@' || branch === '') return null;
  if (at.deletes || (target !== undefined && source === '')) {
    // The session's own checkpoints may go again.
    if (/^harvest\/checkpoint-.+-\d+$/.test(branch)) return null;
    return refusal('branches are not deleted from a session', at.sessionBranch);
  }
  if (!branch.startsWith('harvest/')) return refusal(`\`${branch}\` is none of them`, at.sessionBranch);
  if (isForced && branch !== at.sessionBranch) {
    return deny(
      `\`${branch}\` is not this session's branch: a forced push there could overwrite somebody's work. ` +
        `Force only \`${at.sessionBranch}\`, with \`--force-with-lease\`.`,
    );
  }
  return null;
}

function refusal(reason: string, sessionBranch: string): Objection {
  return deny(
    `From this session only branches below harvest/ can be pushed: ${reason}. Push your own branch with plain ` +
      `\`git push\`, or \`git push origin HEAD:${sessionBranch}\`; what goes into another branch goes there by a pull request.`,
  );
}
