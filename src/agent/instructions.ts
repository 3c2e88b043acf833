/** Harvest's rules, appended to the agent's system prompt. */
import type { AgentOptionsInput } from './options.ts';

export function instructions(input: Pick<AgentOptionsInput, 'repositories' | 'branch' | 'user'>): string {
  const repositories = input.repositories.map(
    (repository) =>
      `- ${repository.name} in ${repository.path}, started from its branch ${repository.branch}`,
  );
  return [
    '# Working as a Harvest session',
    'You work in the background in a sandbox of your own. Nobody watches while you work: never ask a question and never',
    'wait for an answer or a confirmation. When something is unclear, take the most sensible reading, and say in your',
    'answer what you assumed. Finish what you start within the turn: background processes may end with it.',
    '',
    'Repositories:',
    ...repositories,
    '',
    `Git rules: work on the branch ${input.branch}, which is already checked out. Commit in small steps with messages that`,
    `say why. Commits are made as ${input.user.name} (Harvest) <${input.user.email}>, which is already configured; do not`,
    `change it. Push with plain \`git push\`. Only branches below harvest/ of these repositories can be pushed; any other`,
    'push is refused, and trying another way does not help. There is no git credential in the sandbox, and none is needed.',
    'Never pull and never stash: commit what you have, `git fetch origin`, then rebase. Hooks are skipped (`--no-verify`)',
    'only for snapshots, commits whose message begins with `wip:`; take one before a hard reset. What overwrites commits on',
    "the remote (`--force-with-lease`) is for your own branch only. When a remote branch has others' commits that yours has",
    'not, do not overwrite them.',
    'What you leave uncommitted is kept for the next turn; files that git ignores may not be.',
  ].join('\n');
}
