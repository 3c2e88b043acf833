/** Uncommitted work as one commit, and back to what it was: the same files, the same index. */
import type { RepositoryState } from './repository-state.ts';
import type { Git } from './runner.ts';

export type Snapshot = {
  commit: string;
  /** The index before, as a tree. */
  index: string;
  intentToAdd: string[];
};

/** Untracked files included, ignored ones and repositories inside the repository not. Null when there is nothing. */
export async function takeSnapshot(git: Git, { status }: RepositoryState): Promise<Snapshot | null> {
  const entries = status.entries.filter(({ kind }) => kind !== 'ignored');
  if (entries.length === 0) return null;
  const index = (await git.run(['write-tree'])).trim();
  const paths = entries.filter(({ path }) => !path.endsWith('/')).map(({ path }) => path);
  // Takes a path that is gone as well, which `git add` does not when the index knows nothing of it either.
  await git.run(['update-index', '--add', '--remove', '--replace', '-z', '--stdin'], {
    stdin: paths.map((path) => `${path}\0`).join(''),
  });
  // Nothing but changes inside a submodule, say.
  const staged = await git.try(['diff', '--cached', '--quiet', '--ignore-submodules=none', 'HEAD', '--']);
  if (staged.exitCode === 0) return null;
  await git.run(['commit', '--quiet', '--no-verify', '-m', 'wip: snapshot before sync']);
  const commit = (await git.run(['rev-parse', 'HEAD'])).trim();
  const intentToAdd = entries.flatMap((entry) =>
    entry.kind === 'changed' && entry.unstaged === 'A' ? [entry.path] : [],
  );
  return { commit, index, intentToAdd };
}

/** The snapshot's commit is HEAD and the files are as it has them. */
export async function undoSnapshot(git: Git, { commit, index, intentToAdd }: Snapshot): Promise<void> {
  await git.run(['reset', '--quiet', '--soft', `${commit}^`]);
  await git.run(['read-tree', '--reset', index]);
  if (intentToAdd.length > 0) {
    const add = ['--literal-pathspecs', 'add', '--intent-to-add', '--force', '--pathspec-from-file=-'];
    await git.run([...add, '--pathspec-file-nul'], {
      stdin: intentToAdd.map((path) => `${path}\0`).join(''),
    });
  }
  // Exit code 1 only says that files differ from the index.
  await git.try(['update-index', '-q', '--refresh']);
}
