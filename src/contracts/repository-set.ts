/** What people register so that images are built of it: repositories that are worked on side by side, in this order. */
import * as z from 'zod';
import { bounds } from './bounds.ts';
import {
  credentialSourceSchema,
  environmentSchema,
  haveDistinctNames,
  repositoryRequestSchema,
} from './session-input.ts';

export const repositorySetIdSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'a set id is 1 to 40 characters of a-z, 0-9 and "-"');

/** `core`: what a session needs. `full`: browsers, compilers and more tools, too. */
const imageProfiles = ['core', 'full'] as const;

/** Sealed values are for one session: a set names where its credential comes from. */
const standingCredentialSchema = credentialSourceSchema.refine(
  ({ from }) => from !== 'sealed',
  'a sealed credential is for one session: name a variable of the worker or a Modal secret',
);

export const repositorySetSchema = z.strictObject({
  setId: repositorySetIdSchema,
  repositories: z
    .array(repositoryRequestSchema)
    .min(1)
    .max(bounds.repositoriesPerSession)
    .refine(haveDistinctNames, 'two repositories would share a folder: give one of them another name'),
  profile: z.enum(imageProfiles).default('core'),
  /** Shell commands as the agent user in `/workspace`, after the repositories' own installs. */
  setup: z.array(z.string().min(1).max(4_000)).max(20).default([]),
  /** Plain variables of the build. They are not secret: they stand in history and image. */
  environment: environmentSchema.default({}),
  credentials: z.strictObject({ github: standingCredentialSchema.optional() }).default({}),
});
export type RepositorySet = z.infer<typeof repositorySetSchema>;
