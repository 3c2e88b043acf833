/** The builds of a repository set and what came of them, as the store lists them. */
import type { RepositoryHead } from '../contracts/checkpoint.ts';
import type { BuildStep, RepoImage } from '../contracts/repo-image.ts';

export type ListedImage = {
  /** Counts the set's builds, from 1: with it `harvest.buildLog` gives what the build wrote. */
  number: number;
  /**
   * `building` until it is `current` or `failed`. A newer current image makes the one before `previous`, and that one's
   * `superseded`, as a build is that ended after a newer one. `demoted`: sessions could not start from it.
   */
  state: RepoImage['state'];
  /** Where it was built; sessions elsewhere do not know it. */
  place: string;
  /** The provider's. Null: there is none yet, or the build failed before there was. */
  imageId: string | null;
  /** What was built of each repository. */
  heads: RepositoryHead[];
  /** Exact versions by tool: `node`, `pnpm`, `python` … */
  toolchain: Record<string, string>;
  /** Those that have ended, in their order, with their durations in milliseconds. */
  steps: BuildStep[];
  beganAt: string;
  endedAt: string | null;
  /** Why the build failed, a sentence; null when it did not. */
  failure: string | null;
  /** How many sessions in a row could not start from it. */
  failedStarts: number;
};

export function listedImage(image: RepoImage): ListedImage {
  const { number, state, place, imageId, heads, toolchain, steps } = image;
  const { beganAt, endedAt, failure, failedStarts } = image;
  const life = { beganAt, endedAt, failure, failedStarts };
  return { number, state, place, imageId, heads, toolchain, steps, ...life };
}
