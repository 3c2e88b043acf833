/** The pull requests of the stand's repositories, with GitHub's rules about which ones may be opened. */
import * as z from 'zod';

export type StandRepository = {
  owner: string;
  name: string;
  defaultBranch: string;
  /** Branch names and the commits they are at. */
  branches: Record<string, string>;
};

type Answer = { status: number; body: unknown };

const openSchema = z.object({
  title: z.string().min(1),
  head: z.string(),
  base: z.string(),
  body: z.string().optional(),
});

type StandPullRequest = {
  number: number;
  html_url: string;
  state: 'open' | 'closed';
  merged_at: string | null;
  title: string;
  body: string;
  head: { label: string; ref: string };
  base: { ref: string };
};

export class StandPullRequests {
  readonly all: StandPullRequest[] = [];
  readonly #repository: StandRepository;

  constructor(repository: StandRepository) {
    this.#repository = repository;
  }

  list(query: URLSearchParams): Answer {
    // A head that is not `owner:branch` is no filter at GitHub's.
    const head = query.get('head');
    const filter = head?.includes(':') === true ? head.toLowerCase() : null;
    const state = query.get('state') ?? 'open';
    const base = query.get('base');
    const found = this.all
      .filter((pr) => filter === null || pr.head.label.toLowerCase() === filter)
      .filter((pr) => base === null || pr.base.ref === base)
      .filter((pr) => state === 'all' || pr.state === state);
    return { status: 200, body: found.toReversed() };
  }

  open(request: unknown): Answer {
    const { head, base, title, body = '' } = openSchema.parse(request);
    const { owner, name, branches } = this.#repository;
    const label = `${owner}:${head}`;
    if (!(head in branches)) return invalid({ resource: 'PullRequest', field: 'head', code: 'invalid' });
    if (!(base in branches)) return invalid({ resource: 'PullRequest', field: 'base', code: 'invalid' });
    if (this.all.some((pr) => pr.state === 'open' && pr.head.ref === head && pr.base.ref === base)) {
      return custom(`A pull request already exists for ${label}.`);
    }
    if (branches[head] === branches[base]) return custom(`No commits between ${base} and ${head}`);
    const number = this.all.length + 1;
    const pullRequest = {
      number,
      html_url: `https://github.example/${owner}/${name}/pull/${number}`,
      state: 'open' as const,
      merged_at: null,
      title,
      body,
      head: { label, ref: head },
      base: { ref: base },
    };
    this.all.push(pullRequest);
    return { status: 201, body: pullRequest };
  }

  close(number: number, { merged }: { merged: boolean }): void {
    const pullRequest = this.all.find((pr) => pr.number === number);
    if (pullRequest === undefined) throw new Error(`there is no pull request ${number}`);
    pullRequest.state = 'closed';
    pullRequest.merged_at = merged ? new Date().toISOString() : null;
  }
}

function custom(message: string): Answer {
  return invalid({ resource: 'PullRequest', code: 'custom', message });
}

function invalid(error: Record<string, string>): Answer {
  return { status: 422, body: { message: 'Validation Failed', errors: [error] } };
}
