/**
 * Tokens of a GitHub App for exactly a session's repositories. They live in this process's memory only (I8).
 *
 * auth-app makes the app's own short-lived credential and bears clocks that differ from GitHub's. Its cache and its sharing of
 * requests are not used: it shares by installation id alone, across apps and servers, and gives out tokens that expire within
 * the minute.
 */
import { createAppAuth } from '@octokit/auth-app';
import { createCaller, type GithubApi } from './call.ts';
import { GithubCredentialMissing, GithubRefused } from './errors.ts';
import { requestInstallationToken, type RepositorySet } from './installation-requests.ts';
import { signingKey } from './private-key.ts';
import { fullName, sameName, type GithubRepository } from './repository.ts';
import { SharedFlights } from './shared-flights.ts';

type InstallationToken = {
  token: string;
  /** ISO 8601, by GitHub's clock. */
  expiresAt: string;
};

export type InstallationTokens = {
  /**
   * A token that is good for at least ten minutes where GitHub gives one that long. All repositories have one owner: a token
   * belongs to one installation, an installation to one owner. Who needs several owners asks once for each; one owner's
   * missing installation is then no failure of the other's.
   */
  tokenFor(request: {
    repositories: readonly GithubRepository[];
    signal: AbortSignal;
    /** A token that GitHub did not take: it is not given out again. */
    refusedToken?: string;
  }): Promise<InstallationToken>;
};

/** What is left of a token's life when it is replaced. */
const renewBeforeMs = 10 * 60_000;

type Cached = InstallationToken & { renewAtMs: number };

/** Throws at once when the key is missing or unreadable. */
export function createInstallationTokens(
  options: GithubApi & { appId: string | number; privateKey: string },
): InstallationTokens {
  const appId = String(options.appId).trim();
  if (appId === '') throw new GithubCredentialMissing('the GitHub App has no id');
  const auth = createAppAuth({
    appId,
    privateKey: signingKey(options.privateKey),
    log: { warn: () => undefined },
  });
  const caller = createCaller(options, (request) =>
    request.defaults({ request: { hook: auth.hook.bind(auth) } }),
  );
  const now = options.now ?? Date.now;
  const cache = new Map<string, Cached>();
  const flights = new SharedFlights<Cached>();

  const renew = async (key: string, repositories: RepositorySet, signal: AbortSignal): Promise<Cached> => {
    const askedAtMs = now();
    const { data, answeredAtMs } = await requestInstallationToken(caller, { appId, repositories, signal });
    // Counted from the request by this clock, which may differ from GitHub's.
    const lifeMs = Date.parse(data.expires_at) - answeredAtMs;
    const renewed = {
      token: data.token,
      expiresAt: data.expires_at,
      renewAtMs: askedAtMs + lifeMs - renewBeforeMs,
    };
    for (const [old, { renewAtMs }] of cache) if (renewAtMs <= askedAtMs) cache.delete(old);
    cache.set(key, renewed);
    return renewed;
  };

  return {
    async tokenFor({ repositories, signal, refusedToken }) {
      const set = repositorySet(repositories);
      const key = set.map((repository) => fullName(repository).toLowerCase()).join(' ');
      const cached = cache.get(key);
      const usable = cached !== undefined && cached.token !== refusedToken && now() < cached.renewAtMs;
      const { token, expiresAt } = usable
        ? cached
        : await flights.join(key, signal, (shared) => renew(key, set, shared));
      return { token, expiresAt };
    },
  };
}

/** Each repository once, in an order of their names: the same set is the same token. */
function repositorySet(repositories: readonly GithubRepository[]): RepositorySet {
  const byName = new Map(
    repositories.map((repository) => [fullName(repository).toLowerCase(), repository] as const),
  );
  const [first, ...others] = byName
    .keys()
    .toArray()
    .sort()
    .flatMap((key) => byName.get(key) ?? []);
  if (first === undefined) throw new GithubRefused('a token is for at least one repository');
  const stranger = others.find(({ owner }) => !sameName(owner, first.owner));
  if (stranger !== undefined) {
    throw new GithubRefused(
      `one installation token cannot reach ${fullName(first)} and ${fullName(stranger)}: their owners have an installation each`,
    );
  }
  return [first, ...others];
}
