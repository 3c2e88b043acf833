/** What tells two definitions of a repository set apart: an image of one is none of the other. */
import { createHash } from 'node:crypto';
import type { RepositorySet } from '../contracts/repository-set.ts';

export function setHashOf(set: RepositorySet): string {
  return createHash('sha256').update(JSON.stringify(set)).digest('hex');
}
