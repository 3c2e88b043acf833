/** The sentences about what carried work does not hold. */
import type { RepositoryState } from './repository-state.ts';

const namesShown = 5;

export function leftBehind(state: RepositoryState, tooLarge: readonly string[]): string[] {
  const { entries } = state.status;
  const submodules = entries.filter((entry) => entry.kind === 'changed' && entry.submodule);
  const nested = entries.filter((entry) => entry.kind === 'untracked' && entry.path.endsWith('/'));
  const ignored = entries.filter((entry) => entry.kind === 'ignored');
  const conflicts = entries.filter((entry) => entry.kind === 'unmerged');
  const sentences = [
    ...state.inProgress.map(
      (name) => `The ${name} in progress is not carried; its files are, as they are in the work tree.`,
    ),
    named('Conflicts are carried as ordinary changes: ', conflicts.map(pathOf)),
    named('Changes inside submodules are not carried: ', submodules.map(pathOf)),
    named('Repositories inside the repository are not carried: ', nested.map(pathOf)),
    named('Linked work trees are not carried, only their commits: ', state.linkedWorkTrees),
    named('Files that are too large are not carried: ', tooLarge),
    named('Files that git ignores are not carried: ', ignored.map(pathOf)),
  ];
  return sentences.filter((sentence) => sentence !== '');
}

function pathOf(entry: { path: string }): string {
  return entry.path;
}

function named(beginning: string, paths: readonly string[]): string {
  if (paths.length === 0) return '';
  const shown = paths.slice(0, namesShown).map((path) => Buffer.from(path, 'latin1').toString('utf8'));
  const more = paths.length > namesShown ? ` and ${paths.length - namesShown} more` : '';
  return `${beginning}${shown.join(', ')}${more}.`;
}
