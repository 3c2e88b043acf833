/** A repo image: what was built of a repository set, and what became of it. */
import * as z from 'zod';
import { repositoryHeadSchema } from './checkpoint.ts';
import { repositorySetIdSchema } from './repository-set.ts';

/**
 * `building` until it is `current` or `failed`. A newer current image makes the one before `previous`, and that one's
 * `superseded`. `demoted`: sessions could not start from it.
 */
export const repoImageStates = [
  'building',
  'current',
  'previous',
  'superseded',
  'demoted',
  'failed',
] as const;

/** `skipped`: there was nothing to do. `warned`: it failed, and the build went on without it. */
export const buildStepSchema = z.object({
  name: z.string(),
  status: z.enum(['done', 'warned', 'failed', 'skipped']),
  durationMs: z.number(),
  /** Why it failed, or what somebody should know. */
  message: z.string().optional(),
});

export type BuildStep = z.infer<typeof buildStepSchema>;

/** What a build has found and done so far. */
export const buildFactsSchema = z.object({
  heads: z.array(repositoryHeadSchema),
  /** Exact versions by tool: `node`, `pnpm`, `python` … */
  toolchain: z.record(z.string(), z.string()),
  /** Of everything that decides what is installed; null until that is known. */
  fingerprint: z.string().nullable(),
  steps: z.array(buildStepSchema),
  imageId: z.string().nullable(),
  /** Of what the image has of Harvest's own: an older one may not do any more (runtime-version.ts). */
  runtimeVersion: z.string().nullable().default(null),
});
export type BuildFacts = z.infer<typeof buildFactsSchema>;

const repoImageSchema = buildFactsSchema.extend({
  setId: repositorySetIdSchema,
  /** Counts the set's builds: a build that ends late never takes the place of a newer one. */
  number: z.number().int().positive(),
  /** Of the workflow run that builds it. */
  buildId: z.string(),
  /** Of the provider: what one place built, another does not know. */
  place: z.string(),
  state: z.enum(repoImageStates),
  /** Of the base image's recipe, and of the set as it was registered. */
  recipeHash: z.string(),
  setHash: z.string(),
  beganAt: z.string(),
  endedAt: z.string().nullable(),
  failure: z.string().nullable(),
  /** In a row. */
  failedStarts: z.number().int(),
});
export type RepoImage = z.infer<typeof repoImageSchema>;
