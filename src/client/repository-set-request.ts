/** From what a caller writes to a repository set. */
import type * as z from 'zod';
import { repositorySetSchema } from '../contracts/repository-set.ts';
import type { RepositorySet } from '../contracts/repository-set.ts';
import { repositoryRequestSchema } from '../contracts/session-input.ts';
import { InvalidRequest } from './errors.ts';
import { check } from './validate.ts';

const what = 'Repository set';

const singleRepositorySchema = repositorySetSchema
  .omit({ repositories: true })
  .extend({ repository: repositoryRequestSchema });

/**
 * `setId`: 1 to 40 of a-z, 0-9 and "-", not beginning with "-". `repositories` are worked on side by side, in this order; one
 * alone may be given as `repository`. `setup`: shell commands as the agent user, after the repositories' own installs.
 * `environment` is plain: it stands in history and image. `credentials.github` names where the worker finds the credential.
 */
export type RegisterRequest =
  | (z.input<typeof repositorySetSchema> & { repository?: never })
  | (z.input<typeof singleRepositorySchema> & { repositories?: never });

/** Throws `InvalidRequest`; nothing was written then. */
export function toRepositorySet(request: RegisterRequest): RepositorySet {
  if (typeof request.credentials?.github === 'string') {
    const sentence =
      'images are built again and again, so no token is taken for them: name where the worker finds it, such as ' +
      '{ from: "environment", variable: "GITHUB_TOKEN" }';
    throw new InvalidRequest(`${what}, credentials.github: ${sentence}.`, 'credentials.github');
  }
  if (request.repository === undefined) return check(what, repositorySetSchema, request);
  const { repository, ...set } = check(what, singleRepositorySchema, request);
  return { ...set, repositories: [repository] };
}
