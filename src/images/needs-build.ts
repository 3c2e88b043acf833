/** Whether a repository set needs a new image: decided from what was built last and how things stand now. Pure. */
import { bounds } from '../contracts/bounds.ts';
import type { BuildReason } from '../contracts/build.ts';
import type { RepositoryHead } from '../contracts/checkpoint.ts';
import type { RepoImage } from '../contracts/repo-image.ts';

export type BuildInputs = {
  /** Of the branches on their servers, in the set's order; null for one that could not be read. */
  heads: readonly (RepositoryHead | null)[];
  recipeHash: string;
  setHash: string;
};

export type BuildDecision =
  | { do: 'build'; reason: Exclude<BuildReason, 'asked'> }
  | { do: 'keep'; reason: KeepReason };
export type KeepReason = 'unchanged' | 'unreadable' | 'building' | 'failed';

/** `images`: of the set in this place, newest first. */
export function needsBuild(now: BuildInputs, images: readonly RepoImage[], nowIso: string): BuildDecision {
  // What is there is better than what cannot be known.
  if (now.heads.includes(null)) return { do: 'keep', reason: 'unreadable' };
  const [newest] = images;
  // What was removed and registered again is as new.
  if (newest === undefined || newest.state === 'superseded') return { do: 'build', reason: 'first' };
  const ageSeconds = (Date.parse(nowIso) - Date.parse(newest.endedAt ?? newest.beganAt)) / 1_000;
  const isUnderWay = newest.state === 'building' && ageSeconds < bounds.repoImageBuildSeconds;
  if (isUnderWay) return { do: 'keep', reason: 'building' };
  const changed = whatChanged(now, newest);
  if (changed !== null) return { do: 'build', reason: changed };
  if (newest.state === 'building') return { do: 'build', reason: 'again' };
  if (newest.state === 'current') {
    const isOld = ageSeconds >= bounds.repoImageAgeSeconds;
    return isOld ? { do: 'build', reason: 'age' } : { do: 'keep', reason: 'unchanged' };
  }
  // The same would most likely fail again, unless it was the network's fault.
  const isDue = ageSeconds >= bounds.failedImagePauseSeconds;
  return isDue ? { do: 'build', reason: 'again' } : { do: 'keep', reason: 'failed' };
}

function whatChanged(now: BuildInputs, built: RepoImage): 'set' | 'recipe' | 'head' | null {
  if (now.setHash !== built.setHash) return 'set';
  if (now.recipeHash !== built.recipeHash) return 'recipe';
  const commits = (heads: readonly (RepositoryHead | null)[]): string =>
    heads.map((head) => `${head?.repository} ${head?.branch} ${head?.head}`).join('\n');
  return commits(now.heads) === commits(built.heads) ? null : 'head';
}
