/**
 * Pull requests. Opening one is idempotent: what is open for the head is looked up first, and again whenever GitHub says that it
 * exists, or an answer got lost (I7): two callers, or two attempts of one, never open two.
 */
import * as z from 'zod';
import { createCaller, limitsOf, pause, type Caller, type GithubApi } from './call.ts';
import {
  GithubCredentialMissing,
  GithubCredentialRefused,
  GithubRefused,
  GithubUnavailable,
} from './errors.ts';
import { fullName, sameName, type GithubRepository } from './repository.ts';
import type { About } from './verdict.ts';

type PullRequest = {
  number: number;
  /** Of the page that people open. */
  url: string;
  state: 'open' | 'closed' | 'merged';
};

/** What is asked with: an installation token, or somebody's personal one. */
type AskedWith = {
  repository: GithubRepository;
  token: string | undefined;
  /** Tells an expired token from a wrong one, where it is known (ISO 8601). */
  tokenExpiresAt?: string | undefined;
  signal: AbortSignal;
};

type PullRequestToOpen = AskedWith & {
  /** A branch of the repository itself. */
  head: string;
  /** The repository's default branch when absent. */
  base?: string | undefined;
  title: string;
  body: string;
};

export type PullRequests = {
  /** `created` is true only when GitHub answered this very call so; an open one of the same head and base is returned as it is. */
  openPullRequest(request: PullRequestToOpen): Promise<PullRequest & { created: boolean }>;
  /** The newest open one of the head, else the newest, else null. */
  pullRequestOf(request: AskedWith & { head: string }): Promise<PullRequest | null>;
};

const pullRequestSchema = z.object({
  number: z.number().int().positive(),
  html_url: z.string(),
  state: z.enum(['open', 'closed']),
  merged_at: z.string().nullish(),
  head: z.object({ label: z.string().nullish() }),
});
const pullRequestsSchema = z.array(pullRequestSchema);
const repositorySchema = z.object({ default_branch: z.string().min(1) });

/** Looked up and created this often before the last failure is told. */
const rounds = 3;

export function createPullRequests(api: GithubApi): PullRequests {
  return {
    async openPullRequest(request) {
      return open(asker(api, request), request);
    },
    async pullRequestOf(request) {
      const asks = asker(api, request);
      return (await find(asks, { ...request, state: 'open' })) ?? find(asks, { ...request, state: 'closed' });
    },
  };
}

type Asker = { caller: Caller; about: About; lagMs: number };

function asker(api: GithubApi, { repository, token: given, tokenExpiresAt }: AskedWith): Asker {
  // What people put into files and variables often ends with a line break.
  const token = given?.trim() ?? '';
  if (token === '') {
    throw new GithubCredentialMissing(`there is no GitHub credential for ${fullName(repository)}`);
  }
  if (!/^[\x21-\x7E]+$/.test(token)) {
    throw new GithubCredentialRefused('the credential for GitHub has characters that no token has');
  }
  const caller = createCaller(api, (request) =>
    request.defaults({ headers: { authorization: `token ${token}` } }),
  );
  const about = {
    repository,
    credential: 'the credential',
    outOfReach: 'the credential does not reach it',
    expiresAt: tokenExpiresAt,
    mayBeTooFresh: token.startsWith('ghs_'),
  };
  return { caller, about, lagMs: limitsOf(api).backOffMs };
}

async function open(asks: Asker, request: PullRequestToOpen): Promise<PullRequest & { created: boolean }> {
  const base = request.base ?? (await defaultBranch(asks, request));
  for (let round = 1; ; round += 1) {
    const existing = await find(asks, { ...request, base, state: 'open' });
    if (existing !== null) return { ...existing, created: false };
    try {
      return { ...(await create(asks, { ...request, base })), created: true };
    } catch (error) {
      if (round === rounds || !mayExist(error)) throw error;
      // The list may lag behind the refusal.
      await pause(asks.lagMs * round, request.signal);
    }
  }
}

function mayExist(error: unknown): boolean {
  if (error instanceof GithubRefused) return /pull request already exists/i.test(error.message);
  return error instanceof GithubUnavailable;
}

async function defaultBranch({ caller, about }: Asker, { signal }: AskedWith): Promise<string> {
  const { data } = await caller({
    route: 'GET /repos/{owner}/{repo}',
    parameters: parametersOf(about),
    answer: repositorySchema,
    about,
    signal,
  });
  return data.default_branch;
}

async function create(
  { caller, about }: Asker,
  { head, base, title, body, signal }: PullRequestToOpen,
): Promise<PullRequest> {
  const { data } = await caller({
    route: 'POST /repos/{owner}/{repo}/pulls',
    parameters: { ...parametersOf(about), head, base, title, body },
    answer: pullRequestSchema,
    about,
    signal,
    repeatable: false,
  });
  return pullRequest(data);
}

type Sought = { head: string; base?: string | undefined; state: 'open' | 'closed'; signal: AbortSignal };

async function find(
  { caller, about }: Asker,
  { head, base, state, signal }: Sought,
): Promise<PullRequest | null> {
  const { owner } = about.repository;
  const label = `${owner}:${head}`;
  const { data } = await caller({
    route: 'GET /repos/{owner}/{repo}/pulls',
    parameters: {
      ...parametersOf(about),
      head: label,
      ...(base === undefined ? {} : { base }),
      state,
      sort: 'created',
      direction: 'desc',
      per_page: 100,
    },
    answer: pullRequestsSchema,
    about,
    signal,
  });
  // GitHub leaves out a filter that it does not understand, and answers with every pull request there is.
  const own = data.find((candidate) => isLabel(candidate.head.label ?? '', { owner, head }));
  return own === undefined ? null : pullRequest(own);
}

/** Owners compare without regard to case, branches with it. */
function isLabel(label: string, { owner, head }: { owner: string; head: string }): boolean {
  const [user = '', ...branch] = label.split(':');
  return sameName(user, owner) && branch.join(':') === head;
}

function parametersOf({ repository }: About): { owner: string; repo: string } {
  return { owner: repository.owner, repo: repository.name };
}

function pullRequest(data: z.infer<typeof pullRequestSchema>): PullRequest {
  const merged = typeof data.merged_at === 'string';
  return { number: data.number, url: data.html_url, state: merged ? 'merged' : data.state };
}
