/**
 * A stand-in for GitHub's API on loopback, under `/api/v3` as on a GitHub Enterprise Server: apps whose JWT is really verified,
 * installations, tokens that reach exactly their repositories and expire, pull requests. Faults are answers it gives instead, slow
 * answers, and answers that get lost after the request was carried out.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { complaintAbout } from './stand-jwt.ts';
import { StandPullRequests, type StandRepository } from './stand-pull-requests.ts';

export type StandInstallation = {
  id: number;
  owner: string;
  /** Names of the repositories it was given. */
  repositories: string[];
  suspended?: boolean;
  /** What the app may do; everything Harvest asks for by default. */
  permissions?: Record<string, string>;
};

type Answer = { status: number; body: unknown; headers?: Record<string, string> };

export type StandFault = {
  /** `METHOD /path` as the stand sees it, without the prefix. */
  on: RegExp;
  times?: number;
} & (
  | { answer: Answer }
  | { delayMs: number }
  | { loseAnswer: true }
  | { answerRaw: string }
  /** Repeats the credential it was sent, and more, where an error's sentence is cut. */
  | { echo: string; status: number; padding: number }
);

type Token = { repositories: { owner: string; name: string }[]; expiresAtMs: number };

const accessTokenSchema = z.object({
  repositories: z.array(z.string()).optional(),
  permissions: z.record(z.string(), z.string()),
});

export const appId = '4711';

/** One key pair for all stands of a file: making one takes a while. */
export const appKeys = generateKeyPairSync('rsa', { modulusLength: 2048 });

export class GithubStand {
  /** Added to this machine's clock. */
  clockOffsetMs = 0;
  tokenLifeMs = 60 * 60_000;
  /** A server too old, or wrong, that limits no token. */
  ignoresRepositories = false;
  readonly requests: { line: string; authorization: string; body: unknown }[] = [];
  /** Requests whose asker went before the answer. */
  abandoned = 0;
  readonly installations: StandInstallation[] = [];
  readonly pullRequests = new Map<string, StandPullRequests>();
  readonly #repositories = new Map<string, StandRepository>();
  readonly #tokens = new Map<string, Token>();
  readonly #faults: (StandFault & { left: number })[] = [];
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  get apiUrl(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/api/v3`;
  }

  addRepository(repository: StandRepository): StandPullRequests {
    const pullRequests = new StandPullRequests(repository);
    this.#repositories.set(key(repository), repository);
    this.pullRequests.set(key(repository), pullRequests);
    return pullRequests;
  }

  addToken(token: string, repositories: Token['repositories'], lifeMs = this.tokenLifeMs): void {
    this.#tokens.set(token, { repositories, expiresAtMs: this.#now() + lifeMs });
  }

  /** What a token reaches, as `owner/name`. */
  reachOf(token: string): string[] {
    return (this.#tokens.get(token)?.repositories ?? []).map(({ owner, name }) => `${owner}/${name}`);
  }

  inject(fault: StandFault): void {
    this.#faults.push({ ...fault, left: fault.times ?? 1 });
  }

  /** How many requests there were, by method and path. */
  count(line: RegExp): number {
    return this.requests.filter((request) => line.test(request.line)).length;
  }

  #now(): number {
    return Date.now() + this.clockOffsetMs;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', 'http://stand');
    const path = url.pathname.replace(/^\/api\/v3/, '');
    const line = `${request.method} ${path}`;
    const raw = await text(request);
    const body: unknown = raw === '' ? undefined : JSON.parse(raw);
    const authorization = request.headers.authorization ?? '';
    this.requests.push({ line, authorization, body });
    response.once('close', () => {
      if (!response.writableEnded) this.abandoned += 1;
    });
    const fault = this.#faults.find(({ on, left }) => left > 0 && on.test(line));
    if (fault !== undefined) fault.left -= 1;
    if (fault !== undefined && 'delayMs' in fault) await sleep(fault.delayMs, undefined, { ref: false });
    if (fault !== undefined && 'answerRaw' in fault) return void response.end(fault.answerRaw);
    const injected = fault === undefined ? undefined : injectedAnswer(fault, authorization);
    const answer = injected ?? this.#answer({ line, query: url.searchParams, authorization, body });
    if (fault !== undefined && 'loseAnswer' in fault) return void response.destroy();
    response.writeHead(answer.status, {
      date: new Date(this.#now()).toUTCString(),
      'content-type': 'application/json; charset=utf-8',
      ...answer.headers,
    });
    response.end(JSON.stringify(answer.body));
  }

  #answer(request: { line: string; query: URLSearchParams; authorization: string; body: unknown }): Answer {
    const credential = request.authorization.replace(/^\S+ /, '');
    const lookup = /^GET \/repos\/([^/]+)\/([^/]+)\/installation$/.exec(request.line);
    if (lookup !== null) {
      return this.#asApp(credential, () => this.#installation(lookup[1] ?? '', lookup[2] ?? ''));
    }
    const exchange = /^POST \/app\/installations\/(\d+)\/access_tokens$/.exec(request.line);
    if (exchange !== null) {
      return this.#asApp(credential, () => this.#accessToken(Number(exchange[1]), request.body));
    }
    const inRepository = /^(GET|POST) \/repos\/([^/]+)\/([^/]+)(\/pulls)?$/.exec(request.line);
    if (inRepository === null) return notFound;
    const [, method = '', owner = '', name = '', pulls] = inRepository;
    const refusal = this.#refusalOf(credential, { owner, name });
    if (refusal !== null) return refusal;
    const found = this.#repositories.get(key({ owner, name }));
    const pullRequests = this.pullRequests.get(key({ owner, name }));
    if (found === undefined || pullRequests === undefined) return notFound;
    if (pulls === undefined) return { status: 200, body: { default_branch: found.defaultBranch } };
    return method === 'GET' ? pullRequests.list(request.query) : pullRequests.open(request.body);
  }

  #asApp(jwt: string, answer: () => Answer): Answer {
    const nowSeconds = this.#now() / 1_000;
    const message = complaintAbout(jwt, { appId, publicKey: appKeys.publicKey, nowSeconds });
    if (message === null) return answer();
    return { status: message === 'Integration not found' ? 404 : 401, body: { message } };
  }

  #installation(owner: string, name: string): Answer {
    const found = this.installations.find((each) => reaches(each, owner, name));
    if (found === undefined) return notFound;
    const suspendedAt = found.suspended === true ? new Date(this.#now()).toISOString() : null;
    return { status: 200, body: { id: found.id, suspended_at: suspendedAt } };
  }

  #accessToken(id: number, body: unknown): Answer {
    const installation = this.installations.find((each) => each.id === id);
    if (installation === undefined) return notFound;
    if (installation.suspended === true) {
      return { status: 403, body: { message: 'This installation has been suspended' } };
    }
    const asked = accessTokenSchema.parse(body);
    const granted = installation.permissions ?? {
      contents: 'write',
      pull_requests: 'write',
      metadata: 'read',
    };
    if (Object.entries(asked.permissions).some(([name, level]) => !allows(granted[name], level))) {
      return unprocessable('The permissions requested are not granted to this installation.');
    }
    const { owner } = installation;
    // GitHub takes no list, and an empty one, for all.
    const all = this.ignoresRepositories || (asked.repositories ?? []).length === 0;
    const names = all ? installation.repositories : (asked.repositories ?? []);
    if (names.some((name) => !reaches(installation, owner, name))) {
      return unprocessable(
        'There is at least one repository that does not exist or is not accessible to the parent installation.',
      );
    }
    const token = `ghs_${randomBytes(18).toString('hex')}`;
    const repositories = names.map((name) => ({ owner, name }));
    this.addToken(token, repositories);
    const expiresAt = new Date(this.#now() + this.tokenLifeMs).toISOString();
    return {
      status: 201,
      body: { token, expires_at: expiresAt, permissions: asked.permissions, repositories },
    };
  }

  #refusalOf(credential: string, repository: { owner: string; name: string }): Answer | null {
    const token = this.#tokens.get(credential);
    if (token === undefined || token.expiresAtMs <= this.#now()) {
      return { status: 401, body: { message: 'Bad credentials' } };
    }
    return token.repositories.some((each) => key(each) === key(repository)) ? null : notFound;
  }
}

function injectedAnswer(fault: StandFault, authorization: string): Answer | undefined {
  if ('answer' in fault) return fault.answer;
  if (!('echo' in fault)) return undefined;
  const message = `${'x '.repeat(fault.padding)}${authorization} ${fault.echo}`;
  return { status: fault.status, body: { message } };
}

const notFound: Answer = { status: 404, body: { message: 'Not Found' } };

function unprocessable(message: string): Answer {
  return { status: 422, body: { message } };
}

function reaches(installation: StandInstallation, owner: string, name: string): boolean {
  const names = installation.repositories.map((each) => key({ owner: installation.owner, name: each }));
  return names.includes(key({ owner, name }));
}

function allows(granted: string | undefined, asked: string): boolean {
  return granted === asked || granted === 'write';
}

function key({ owner, name }: { owner: string; name: string }): string {
  return `${owner}/${name}`.toLowerCase();
}
