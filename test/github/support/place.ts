/** A stand for one test, with an app that is installed at `acme` on three repositories. */
import { inspect } from 'node:util';
import {
  createInstallationTokens,
  type InstallationTokens,
} from '../../../src/github/installation-tokens.ts';
import { createPullRequests, type PullRequests } from '../../../src/github/pull-requests.ts';
import { appId, appKeys, GithubStand } from './github-stand.ts';

/** Bounds for tests: what is repeated is repeated at once. */
export const quick = { backOffMs: 5 };

export const pkcs8 = appKeys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
export const pkcs1 = appKeys.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();

export const app = { owner: 'acme', name: 'app' };
export const library = { owner: 'acme', name: 'library' };
export const documents = { owner: 'acme', name: 'documents' };

export const tokenLine = /^POST .*access_tokens$/;
export const lookupLine = /\/installation$/;

export async function startedStand(): Promise<GithubStand & AsyncDisposable> {
  const stand = new GithubStand();
  stand.installations.push({ id: 7, owner: 'acme', repositories: ['app', 'library', 'documents'] });
  await stand.start();
  return Object.assign(stand, { [Symbol.asyncDispose]: () => stand.stop() });
}

export function tokensOf(
  stand: GithubStand,
  options: Partial<Parameters<typeof createInstallationTokens>[0]> = {},
): InstallationTokens {
  return createInstallationTokens({
    appId,
    privateKey: pkcs8,
    apiUrl: stand.apiUrl,
    limits: quick,
    ...options,
  });
}

/** The error that the work ends with. */
export async function failureOf(work: Promise<unknown>): Promise<Error> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('it did not fail');
}

/** What of a secret can be seen in an error, its stack and everything it holds: any 12 characters count. */
export function leakedBy(error: Error, secret: string): string[] {
  const seen = inspect(error, { depth: null, showHidden: true });
  const windows = Array.from({ length: Math.max(secret.length - 11, 0) }, (_, at) =>
    secret.slice(at, at + 12),
  );
  return windows.filter((window) => seen.includes(window));
}

export const branch = 'harvest/s1';
/** Of no known shape: only its value tells that it is a credential. */
export const personalToken = 'canary0123456789abcdefcanary9876543210fedcba';

type Opening = Parameters<PullRequests['openPullRequest']>[0];

/** A stand with a repository whose branches differ but for `same`, and a personal token that reaches it. */
export async function pullRequestPlace() {
  const stand = await startedStand();
  const atGithub = stand.addRepository({
    ...app,
    defaultBranch: 'trunk',
    branches: { trunk: 'c1', release: 'c2', same: 'c1', [branch]: 'c3' },
  });
  stand.addToken(personalToken, [app]);
  const request = (options: Partial<Opening> = {}): Opening => ({
    repository: app,
    head: branch,
    title: 'Mend the roof',
    body: 'It rained in.',
    token: personalToken,
    signal: AbortSignal.timeout(20_000),
    ...options,
  });
  return {
    stand,
    atGithub,
    request,
    pullRequests: createPullRequests({ apiUrl: stand.apiUrl, limits: quick }),
    [Symbol.asyncDispose]: () => stand.stop(),
  };
}
