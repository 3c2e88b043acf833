/** The two requests that lead to an installation token: which installation, then the token, limited to what is asked for. */
import * as z from 'zod';
import type { Answered, Caller } from './call.ts';
import { GithubRefused } from './errors.ts';
import { fullName, type GithubRepository } from './repository.ts';
import type { About } from './verdict.ts';

/** What Harvest does with a repository, and no more. */
const permissions = { contents: 'write', pull_requests: 'write', metadata: 'read' } as const;

const installationSchema = z.object({ id: z.number().int().positive() });

const tokenSchema = z.object({
  token: z.string().min(1),
  expires_at: z.iso.datetime({ offset: true }),
  repositories: z.array(z.object({ name: z.string() })).optional(),
});
export type TokenAnswer = Answered<z.infer<typeof tokenSchema>>;

/** At least one repository, all of one owner. */
export type RepositorySet = readonly [GithubRepository, ...GithubRepository[]];

export type TokenRequest = { appId: string; repositories: RepositorySet; signal: AbortSignal };

export async function requestInstallationToken(caller: Caller, request: TokenRequest): Promise<TokenAnswer> {
  const { repositories, signal } = request;
  const about = aboutApp(request.appId, repositories[0]);
  const installationId = await findInstallation(caller, { about, signal });
  const answer = await caller({
    route: 'POST /app/installations/{installation_id}/access_tokens',
    // Never an empty list: GitHub would understand every repository of the installation.
    parameters: {
      installation_id: installationId,
      repositories: repositories.map(({ name }) => name),
      permissions,
    },
    answer: tokenSchema,
    about,
    signal,
  }).catch(async (error: unknown) => {
    if (error instanceof GithubRefused) await nameTheOutOfReach(caller, request);
    throw error;
  });
  const reached = answer.data.repositories?.map(({ name }) => name) ?? [];
  if (reached.length > repositories.length) {
    const asked = repositories.map((repository) => fullName(repository)).join(', ');
    throw new GithubRefused(`GitHub gave a token that reaches more than ${asked}: ${reached.join(', ')}`);
  }
  return answer;
}

async function findInstallation(
  caller: Caller,
  request: { about: About; signal: AbortSignal },
): Promise<number> {
  const { owner, name } = request.about.repository;
  const { data } = await caller({
    route: 'GET /repos/{owner}/{repo}/installation',
    parameters: { owner, repo: name },
    answer: installationSchema,
    ...request,
  });
  return data.id;
}

/** GitHub refuses a set of repositories as a whole and does not say which one is out of reach: asked singly, it does. */
async function nameTheOutOfReach(
  caller: Caller,
  { appId, repositories, signal }: TokenRequest,
): Promise<void> {
  for (const repository of repositories.slice(1)) {
    await findInstallation(caller, { about: aboutApp(appId, repository), signal });
  }
}

function aboutApp(appId: string, repository: GithubRepository): About {
  return {
    repository,
    credential: `the GitHub App ${appId}`,
    outOfReach: `the GitHub App ${appId} is not installed on it`,
  };
}
