/** What a build would be made of now: the heads of a set's branches, and the hashes of its definition and of the base image. */
import type { RepositoryHead } from '../../contracts/checkpoint.ts';
import { buildOwner } from '../../contracts/ids.ts';
import type { RepositorySet } from '../../contracts/repository-set.ts';
import { repositoriesOf, sessionOptionsSchema } from '../../contracts/session-input.ts';
import type { SessionInput } from '../../contracts/session-input.ts';
import type { BuildInputs } from '../../images/needs-build.ts';
import { setHashOf } from '../../images/set-hash.ts';
import type { ActivityDeps } from '../deps.ts';
import { CredentialUnavailable } from '../errors.ts';
import { HeadUnreadable, remoteHead } from '../remote-head.ts';

/** One server that does not answer must not hold up the look at all others. */
const headSeconds = 20;

/** Who git says that made what a build makes. */
const user = { name: 'Harvest', email: 'harvest@localhost' };

/** The build of a set as a session: `number` 0 where there is no build yet. */
export function sessionOf(set: RepositorySet, number: number): SessionInput {
  const { repositories, environment, credentials, setId } = set;
  return {
    sessionId: buildOwner({ setId, number }),
    repositories,
    user,
    credentials,
    options: sessionOptionsSchema.parse({ environment }),
  };
}

export type ReadInputs = {
  inputs: BuildInputs;
  /** Of heads that could not be read, each a sentence. */
  problems: string[];
};

export async function readInputs(
  deps: Pick<ActivityDeps, 'vault' | 'baseImage'>,
  set: RepositorySet,
  signal: AbortSignal,
): Promise<ReadInputs> {
  const problems: string[] = [];
  const token = tokenOf(deps, set, problems);
  const heads = await Promise.all(
    repositoriesOf(sessionOf(set, 0)).map(async ({ name, url, branch }): Promise<RepositoryHead | null> => {
      try {
        const limit = AbortSignal.any([signal, AbortSignal.timeout(headSeconds * 1_000)]);
        const head = await remoteHead({ url, branch, ...(token === undefined ? {} : { token }) }, limit);
        if (head !== null) return { repository: name, branch, head };
        problems.push(`${url} has no branch ${branch}`);
      } catch (error) {
        signal.throwIfAborted();
        const isKnown = error instanceof HeadUnreadable;
        problems.push(isKnown ? error.message : `${url} did not answer within ${headSeconds} s`);
      }
      return null;
    }),
  );
  return { inputs: { heads, recipeHash: deps.baseImage.recipeHash, setHash: setHashOf(set) }, problems };
}

/** Of what only Modal knows nothing can be asked from here: such a set is asked about without a credential. */
function tokenOf(
  { vault }: Pick<ActivityDeps, 'vault'>,
  set: RepositorySet,
  problems: string[],
): string | undefined {
  const session = sessionOf(set, 0);
  try {
    return vault.open(session).values.github;
  } catch (error) {
    if (!(error instanceof CredentialUnavailable)) throw error;
    problems.push(error.message);
    return undefined;
  } finally {
    vault.forget(session.sessionId);
  }
}
