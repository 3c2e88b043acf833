/**
 * The loopback proxy between the agent's git and the session's repositories. It keeps I8 (the token is added here, and for
 * exactly these repositories; the agent never holds it) and is where the session's rule on pushes is enforced: what the
 * agent's git is told to do cannot go around it, because no other way has a credential.
 */
import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { Transform } from 'node:stream';
import type { InsteadOf } from '../../git/environment.ts';
import type { PushRefusal, SessionPushRule } from '../../git/push-rule.ts';
import {
  createPushReportReader,
  MalformedPush,
  type PushRequest,
  refusalOf,
} from '../../git/receive-pack.ts';
import { renamedPath } from './git-redirect.ts';
import { gitRouteOf, type GitService, pathOfRepository } from './git-route.ts';
import { endToEndHeaders } from './headers.ts';
import { startLoopbackServer } from './loopback-server.ts';
import { createOneAtATime, type OneAtATime } from './one-at-a-time.ts';
import { drain, gatePush, type GatedPush } from './push-gate.ts';
import { relay } from './relay.ts';
import { ticketMatches } from './ticket.ts';
import { createUpstream, type Upstream } from './upstream.ts';

/** A push cannot be sent twice; what it is made of, two requests, follows at once. Servers end idle connections after seconds. */
const idleMs = 1_000;

type GitProxyRepository = { name: string; url: string };
export type Pushed = { repository: string; ref: string; before: string; after: string };
export type PushRefused = { repository: string; ref: string; reason: string };

export type GitProxyOptions = {
  repositories: readonly GitProxyRepository[];
  /** The password of the user `x-access-token`. Without it requests go on with no credential. */
  token: string | undefined;
  ticket: string;
  pushRule: SessionPushRule;
  /** The server confirmed that it moved the ref. */
  onPush: (push: Pushed) => void;
  onRefused: (refusal: PushRefused) => void;
};

export type GitProxy = {
  url: string;
  /** For `gitEnvironment`: sends the session's repositories here. */
  insteadOf: InsteadOf[];
  /** Cuts what is under way. */
  close(): Promise<void>;
};

export async function startGitProxy(options: GitProxyOptions): Promise<GitProxy> {
  const targets = options.repositories.map((repository) => targetOf(repository));
  const judging = createOneAtATime();
  const server = await startLoopbackServer((request, response) => {
    handle({ request, response, options, targets, judging }).catch(() => response.destroy());
  });
  return {
    url: server.url,
    insteadOf: targets.map(({ base }, index) => ({
      from: base,
      to: `${server.url}/${options.ticket}/${pathOfRepository(index)}`,
    })),
    close: async () => {
      await server.close();
      for (const target of targets) target.upstream.close();
    },
  };
}

type Target = {
  name: string;
  url: string;
  /** `url` without `.git`: people write both. */
  base: string;
  origin: string;
  /** On its server; changes when that says that the repository was renamed. */
  path: string;
  upstream: Upstream;
};

function targetOf(repository: GitProxyRepository): Target {
  const url = repository.url.replace(/\/+$/, '');
  const parsed = new URL(url);
  const base = url.replace(/\.git$/, '');
  const { origin, pathname } = parsed;
  return {
    name: repository.name,
    url,
    base,
    origin,
    path: pathname,
    upstream: createUpstream(parsed, { idleMs }),
  };
}

type Exchange = {
  request: IncomingMessage;
  response: ServerResponse;
  options: GitProxyOptions;
  targets: readonly Target[];
  /** Of the whole session's pushes: what a proof costs is not multiplied by asking often. */
  judging: OneAtATime;
};

async function handle(exchange: Exchange): Promise<void> {
  const { request, response, options, targets } = exchange;
  const [, ticket = '', path = ''] = /^\/([^/]*)\/(.*)$/s.exec(request.url ?? '') ?? [];
  if (!ticketMatches(options.ticket, ticket)) {
    say(response, 403, 'This address does not carry the ticket of the session.');
    return;
  }
  const route = gitRouteOf(request.method ?? '', path);
  const target = route.kind === 'unknown' ? undefined : targets[route.repository];
  if (route.kind === 'unknown' || target === undefined) {
    say(response, 404, 'Only fetching from and pushing to the repositories of the session is possible here.');
  } else if (route.kind === 'elsewhere') {
    // Without a credential: what everybody may read can be read, as if this proxy were not there.
    response.writeHead(302, { location: `${target.base}${route.rest}`, connection: 'close' }).end();
  } else if (route.kind === 'advertise') {
    forward(exchange, { target, path: `/info/refs?service=${route.service}` });
  } else if (route.service === 'git-receive-pack') {
    await push(exchange, target);
  } else {
    forward(exchange, { target, path: `/${route.service}` });
  }
}

async function push(exchange: Exchange, target: Target): Promise<void> {
  const { request, response, options, judging } = exchange;
  let gated: GatedPush;
  try {
    const repository = target.name;
    gated = await gatePush(request, async (commands) =>
      judging(async () => {
        if (response.destroyed) throw new Error('who pushed went away before its turn');
        return options.pushRule.refusalOf({ repository, commands });
      }),
    );
  } catch (error) {
    if (!(error instanceof MalformedPush)) throw error;
    say(response, 400, `This push is not passed on: ${error.message}.`);
    return;
  }
  // Who asked may have gone away while the push was judged, and nobody would hear what became of it.
  if (response.destroyed) return;
  const { refusal } = gated;
  if (refusal !== null) {
    await refuse(exchange, target, { ...gated, refusal });
    return;
  }
  const service: GitService = 'git-receive-pack';
  forward(exchange, { target, path: `/${service}`, push: gated });
}

/** All or nothing: when one ref is refused, nothing of the push reaches the server. */
async function refuse(
  exchange: Exchange,
  target: Target,
  gated: GatedPush & { refusal: PushRefusal },
): Promise<void> {
  await drain(gated.body);
  const reasons = new Map<string, string>();
  for (const { ref } of gated.request.commands) {
    const isRefused = ref === gated.refusal.ref;
    const reason = isRefused ? gated.refusal.reason : 'another ref of the same push is refused';
    reasons.set(ref, reason);
    exchange.options.onRefused({ repository: target.name, ref: asUtf8(ref), reason });
  }
  const said = 'Harvest refused this push; nothing was sent to the server.';
  exchange.response
    .writeHead(200, {
      'content-type': 'application/x-git-receive-pack-result',
      'cache-control': 'no-cache',
    })
    .end(refusalOf(gated.request, reasons, said));
}

function forward(exchange: Exchange, to: { target: Target; path: string; push?: GatedPush }): void {
  const { request, response, options } = exchange;
  const { target } = to;
  const open = (): ClientRequest =>
    target.upstream.open({
      method: request.method ?? 'GET',
      path: `${target.path}${to.path}`,
      headers: requestHeaders(request, options.token, to.push !== undefined),
    });
  relay({
    body: to.push?.body ?? request,
    outgoing: open(),
    response,
    responseHeaders: (incoming) => endToEndHeaders(incoming.headers, ['set-cookie']),
    ...(to.push === undefined ? {} : { tap: reportTap(to.push.request, target, options) }),
    follow: (incoming) => {
      const { origin } = target;
      const path = request.method === 'GET' ? renamedPath(incoming, { origin, suffix: to.path }) : null;
      if (path === null) return null;
      target.path = path;
      return open();
    },
    onUnreachable: () => {
      say(response, 502, `The server of ${target.url} cannot be reached.`);
    },
  });
}

function requestHeaders(
  request: IncomingMessage,
  token: string | undefined,
  isPush: boolean,
): OutgoingHttpHeaders {
  const dropped = ['host', 'authorization', 'cookie'];
  // The body of a push is sent on decompressed, and its answer is read along.
  if (isPush) dropped.push('content-encoding', 'content-length', 'accept-encoding', 'expect');
  const headers = endToEndHeaders(request.headers, dropped);
  if (isPush || request.headers['transfer-encoding'] !== undefined) headers['transfer-encoding'] = 'chunked';
  if (token === undefined) return headers;
  const basic = Buffer.from(`x-access-token:${token}`).toString('base64');
  return { ...headers, authorization: `Basic ${basic}` };
}

/** Reads the server's report along with the agent's git: a push is told because the server confirmed it. */
function reportTap(push: PushRequest, target: Target, options: GitProxyOptions): Transform {
  const report = createPushReportReader(push);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      for (const ref of report.push(chunk)) {
        const command = push.commands.find((candidate) => candidate.ref === ref);
        if (command === undefined) continue;
        const { before, after } = command;
        options.pushRule.confirmed({ repository: target.name, command });
        options.onPush({ repository: target.name, ref: asUtf8(ref), before, after });
      }
      done(null, chunk);
    },
  });
}

function asUtf8(ref: string): string {
  return Buffer.from(ref, 'latin1').toString('utf8');
}

function say(response: ServerResponse, status: number, sentence: string): void {
  response
    .writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' })
    .end(`${sentence}\n`);
}
