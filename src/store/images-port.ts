/** The part of the store port for images: what people registered, what was built of it, and what is in use. */
import type { BuildFacts, RepoImage } from '../contracts/repo-image.ts';
import type { RepositorySet } from '../contracts/repository-set.ts';

export type RepositorySetReader = {
  find(setId: string): Promise<RepositorySet | null>;
  /** By id. */
  list(): Promise<RepositorySet[]>;
};

export type RepositorySets = {
  /** Keyed by the set's id: another definition takes the place of the one before. */
  save(set: RepositorySet): Promise<void>;
  /** Its images are needed by nobody any more. Removing one that is gone is no error. */
  remove(setId: string): Promise<void>;
} & RepositorySetReader;

type BuildKey = Pick<RepoImage, 'setId' | 'number'>;

export type RepoImageReader = {
  /** Newest first. */
  list(setId: string): Promise<RepoImage[]>;
};

export type RepoImages = {
  /** A build begins, under the set's next number. Keyed by `buildId`: a repeat answers with what is there. */
  begin(build: Pick<RepoImage, 'setId' | 'buildId' | 'place' | 'recipeHash' | 'setHash'>): Promise<RepoImage>;
  /** Adds to what is known of a build. One that has ended stays as it is. */
  update(build: BuildKey, found: Partial<BuildFacts>): Promise<void>;
  /** The first end stays. */
  fail(build: BuildKey, failure: string): Promise<RepoImage>;
  /**
   * Sessions start from it now, unless a newer one took that place, or the set was removed, while it was built:
   * `superseded` then. The first end stays.
   */
  promote(build: BuildKey): Promise<RepoImage>;
  /** What sessions start from. */
  current(setId: string, place: string): Promise<RepoImage | null>;
  /**
   * A session started from this image, or could not. The current image that fails twice in a row is `demoted`, and the one
   * before it is current again, when there is one. Returns the image that was demoted now.
   */
  recordStart(start: { place: string; imageId: string; isStarted: boolean }): Promise<RepoImage | null>;
  /**
   * Condemns every image of a place that is neither current nor previous and that no open sandbox was made from. Returns
   * those that are condemned and not deleted yet.
   */
  condemnNeedless(place: string): Promise<{ imageId: string }[]>;
  recordDeleted(image: { place: string; imageId: string }): Promise<void>;
} & RepoImageReader;
