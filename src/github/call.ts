/**
 * One request to GitHub's API: bounded in time, repeated a bounded number of times where that can help, its answer parsed, its
 * failure one of the classes in errors.ts without any credential in it (I8).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { request as octokitRequest } from '@octokit/request';
import { RequestError } from '@octokit/request-error';
import type * as z from 'zod';
import { GithubUnavailable } from './errors.ts';
import { sentenceWithout } from './redact.ts';
import { serverTimeMs, verdictOf, type About, type Verdict } from './verdict.ts';

export type GithubApi = {
  /** `https://api.github.com`, or `https://<host>/api/v3` of a GitHub Enterprise Server. */
  apiUrl: string;
  /** Epoch milliseconds; the machine's clock by default. */
  now?: () => number;
  fetch?: typeof globalThis.fetch;
  limits?: Partial<CallLimits>;
};

export type CallLimits = {
  attempts: number;
  /** The pause after the first attempt; each further one is twice as long. */
  backOffMs: number;
  /** A longer pause that GitHub asks for is the caller's to make. */
  longestPauseMs: number;
  /** For one attempt. */
  answerMs: number;
};

const defaultLimits: CallLimits = {
  attempts: 4,
  backOffMs: 500,
  longestPauseMs: 30_000,
  answerMs: 20_000,
};

export function limitsOf(api: GithubApi): CallLimits {
  return { ...defaultLimits, ...api.limits };
}

type Request = typeof octokitRequest;

type Call<T> = {
  /** Method and path template. */
  route: string;
  parameters: Record<string, unknown>;
  answer: z.ZodType<T>;
  about: About;
  signal: AbortSignal;
  /** False for what creates something: an answer that got lost is then the caller's to look up (I7). */
  repeatable?: boolean;
};

export type Answered<T> = {
  data: T;
  /** Epoch milliseconds by GitHub's clock. */
  answeredAtMs: number;
};

export type Caller = <T>(call: Call<T>) => Promise<Answered<T>>;

/** `authorize` puts the credential on every request: a header, or auth-app's hook. */
export function createCaller(api: GithubApi, authorize: (request: Request) => Request): Caller {
  const limits = limitsOf(api);
  const now = api.now ?? Date.now;
  const base = octokitRequest.defaults({
    baseUrl: api.apiUrl.replace(/\/+$/, ''),
    headers: { 'user-agent': 'harvest', 'x-github-api-version': '2022-11-28' },
  });
  const request = authorize(base);
  return async (call) => {
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await once(call, { request, now, answerMs: limits.answerMs, fetch: api.fetch });
      call.signal.throwIfAborted();
      if (!('error' in outcome)) return outcome;
      const pauseMs = pauseOf(outcome, call, { ...limits, attempt });
      if (pauseMs === undefined) throw outcome.error;
      await pause(pauseMs, call.signal);
    }
  };
}

function pauseOf(
  { error, again }: Verdict,
  call: { repeatable?: boolean },
  limits: CallLimits & { attempt: number },
): number | undefined {
  if (again === 'never' || limits.attempt >= limits.attempts) return undefined;
  if (call.repeatable === false && error instanceof GithubUnavailable) return undefined;
  if (again === 'backOff') return limits.backOffMs * 2 ** (limits.attempt - 1);
  return again.afterMs <= limits.longestPauseMs ? again.afterMs : undefined;
}

/** Rejects with the signal's reason. */
export async function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(delayMs, undefined, { signal });
  } catch {
    signal.throwIfAborted();
  }
}

type Means = {
  request: Request;
  now: () => number;
  answerMs: number;
  fetch: typeof globalThis.fetch | undefined;
};

async function once<T>(call: Call<T>, means: Means): Promise<Answered<T> | Verdict> {
  const sent = new Set<string>();
  try {
    const response = await means.request(call.route, {
      ...call.parameters,
      request: {
        signal: AbortSignal.any([call.signal, AbortSignal.timeout(means.answerMs)]),
        fetch: noting(sent, means.fetch ?? globalThis.fetch),
        log: { warn: () => undefined },
      },
    });
    const parsed = call.answer.safeParse(response.data);
    if (parsed.success) {
      return { data: parsed.data, answeredAtMs: serverTimeMs(response.headers, means.now()) };
    }
    return broken(`GitHub answered ${response.status} with something that is not its API's`);
  } catch (error) {
    return verdictOn(error, { about: call.about, sent, nowMs: means.now() });
  }
}

/** Notes the credentials that were sent, the app's short-lived ones too, so that none is repeated in an error. */
function noting(sent: Set<string>, fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return (input, init) => {
    const authorization = new Headers(init?.headers).get('authorization');
    if (authorization !== null) sent.add(authorization.replace(/^\S+\s+/, ''));
    return fetch(input, init);
  };
}

function verdictOn(error: unknown, context: { about: About; sent: Set<string>; nowMs: number }): Verdict {
  if (!(error instanceof RequestError)) return broken(`GitHub could not be asked: ${codeOf(error)}`);
  const { response } = error;
  if (response === undefined) return broken(`GitHub could not be reached: ${codeOf(error)}`);
  if (response.status < 400) return broken(`GitHub's answer ${response.status} cannot be read`);
  const sentence = sentenceWithout(context.sent, wordsOf(response.data));
  const { status, headers } = response;
  return verdictOf({ status, headers, sentence }, context.about, context.nowMs);
}

function broken(message: string): Verdict {
  return { error: new GithubUnavailable(message), again: 'backOff' };
}

/** A code such as ECONNREFUSED, or the error's kind: messages of the network's errors may hold anything. */
function codeOf(error: unknown): string {
  for (let each = error; each instanceof Error; each = each.cause) {
    if ('code' in each && typeof each.code === 'string') return each.code;
    if (each.name === 'TimeoutError') return 'it took too long';
  }
  return error instanceof Error ? error.name : 'an unknown error';
}

/** The message of an error of GitHub's, with its details: `Validation Failed: head is invalid`. */
function wordsOf(data: unknown): string {
  if (typeof data !== 'object' || data === null || !('message' in data)) return 'without a reason';
  const details = 'errors' in data && Array.isArray(data.errors) ? data.errors.map(detailOf) : [];
  return [String(data.message), ...details].join(': ');
}

function detailOf(detail: unknown): string {
  if (typeof detail !== 'object' || detail === null) return String(detail);
  if ('message' in detail) return String(detail.message);
  const field = 'field' in detail ? String(detail.field) : 'something';
  return `${field} is ${'code' in detail ? String(detail.code) : 'wrong'}`;
}
