/** What an answer of GitHub's that is no success means, and whether the same request may be sent again. Pure. */
import {
  GithubCredentialExpired,
  GithubCredentialRefused,
  GithubRateLimited,
  GithubRefused,
  GithubRepositoryOutOfReach,
  GithubUnavailable,
} from './errors.ts';
import { fullName, type GithubRepository } from './repository.ts';

/** What a request is for: its errors speak of it. */
export type About = {
  repository: GithubRepository;
  /** Who asks, as the object of a sentence: "the credential", "the GitHub App 12". */
  credential: string;
  /** Why a repository may be out of reach, after "does not exist, or". */
  outOfReach: string;
  /** When the credential expires, as GitHub said (ISO 8601). */
  expiresAt?: string | undefined;
  /** An installation token is unknown to some of GitHub's servers in its first seconds. */
  mayBeTooFresh?: boolean;
};

export type Refusal = {
  status: number;
  headers: Readonly<Record<string, string | number | undefined>>;
  /** GitHub's own words, redacted. */
  sentence: string;
};

export type Verdict = {
  error: Error;
  /** `never`, or after the usual back-off, or when GitHub says (milliseconds from now). */
  again: 'never' | 'backOff' | { afterMs: number };
};

/** GitHub asks for at least a minute where it names no time. */
const unnamedPauseMs = 60_000;

export function verdictOf(refusal: Refusal, about: About, nowMs: number): Verdict {
  const { status, sentence } = refusal;
  if (isRateLimit(refusal)) return limited(refusal, nowMs);
  if (status === 401) return refusedCredential(refusal, about, nowMs);
  if (status === 403 && /suspended/i.test(sentence)) return never(refusedError(about, sentence));
  if (status === 404 && /^Integration not found/i.test(sentence)) return never(refusedError(about, sentence));
  if (status === 403 || status === 404) {
    const name = fullName(about.repository);
    const why = `the repository ${name} does not exist, or ${about.outOfReach}: ${sentence}`;
    return never(new GithubRepositoryOutOfReach(about.repository, why));
  }
  if (status === 408 || status >= 500) return unavailable(refusal);
  return never(new GithubRefused(`GitHub refused (${status}): ${sentence}`));
}

function never(error: Error): Verdict {
  return { error, again: 'never' };
}

function refusedError(about: About, sentence: string): Error {
  return new GithubCredentialRefused(`GitHub refused ${about.credential}: ${sentence}`);
}

/** GitHub answers an expired token like a wrong one: only who knows its end can tell them apart. */
function refusedCredential(refusal: Refusal, about: About, nowMs: number): Verdict {
  const expiresMs = Date.parse(about.expiresAt ?? '');
  const expired = expiresMs <= serverTimeMs(refusal.headers, nowMs);
  if (expired || /\bexpired\b/i.test(refusal.sentence)) {
    const since = about.expiresAt === undefined ? '' : ` at ${about.expiresAt}`;
    return never(new GithubCredentialExpired(`${about.credential} for GitHub expired${since}`));
  }
  const error = refusedError(about, refusal.sentence);
  return { error, again: about.mayBeTooFresh === true ? 'backOff' : 'never' };
}

function isRateLimit({ status, headers, sentence }: Refusal): boolean {
  if (status === 429) return true;
  if (status !== 403) return false;
  const used = headers['x-ratelimit-remaining'] === '0';
  return used || headers['retry-after'] !== undefined || /rate limit|abuse detection/i.test(sentence);
}

function limited({ headers, sentence }: Refusal, nowMs: number): Verdict {
  const resetMs = Number(headers['x-ratelimit-reset']) * 1_000 - serverTimeMs(headers, nowMs);
  const used = headers['x-ratelimit-remaining'] === '0' && Number.isFinite(resetMs);
  const afterMs = retryAfterMs(headers) ?? (used ? Math.max(resetMs, 1_000) : unnamedPauseMs);
  const retryAt = new Date(nowMs + afterMs).toISOString();
  const message = `GitHub takes no more requests until ${retryAt}: ${sentence}`;
  return { error: new GithubRateLimited(retryAt, message), again: { afterMs } };
}

function unavailable({ status, headers }: Refusal): Verdict {
  const afterMs = retryAfterMs(headers);
  // The body of such an answer is often a whole page, and never GitHub's reason.
  const error = new GithubUnavailable(`GitHub answered with the error ${status}`);
  return { error, again: afterMs === undefined ? 'backOff' : { afterMs } };
}

function retryAfterMs(headers: Refusal['headers']): number | undefined {
  const text = String(headers['retry-after'] ?? '');
  return /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : undefined;
}

/** GitHub's clock, where the answer tells it: this machine's may be off. */
export function serverTimeMs(headers: Refusal['headers'], nowMs: number): number {
  const stated = Date.parse(String(headers['date'] ?? ''));
  return Number.isFinite(stated) ? stated : nowMs;
}
