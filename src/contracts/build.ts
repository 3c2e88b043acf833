/** The one argument of the `buildRepoImage` workflow, and its result. */
import * as z from 'zod';
import { repoImageStates } from './repo-image.ts';
import { repositorySetIdSchema } from './repository-set.ts';

/** Why a set is built; `asked`: by somebody, whatever there is. */
export const buildReasons = ['first', 'head', 'recipe', 'set', 'age', 'again', 'asked'] as const;
export type BuildReason = (typeof buildReasons)[number];

export const buildRequestSchema = z.strictObject({
  setId: repositorySetIdSchema,
  /** Build also what has not changed, or has just failed. */
  force: z.boolean().default(false),
});
export type BuildRequest = z.input<typeof buildRequestSchema>;

export const buildResultSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('built'),
    number: z.number().int(),
    /** `superseded`: a newer build was faster, or the set was removed. */
    state: z.enum(repoImageStates),
    imageId: z.string(),
  }),
  /** There is nothing to build; `reason` is a sentence. */
  z.object({ kind: z.literal('kept'), reason: z.string() }),
]);
export type BuildResult = z.infer<typeof buildResultSchema>;
