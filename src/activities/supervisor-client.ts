/**
 * The worker's side of the supervisor's HTTP interface (`contracts/supervisor.ts`): one exec of curl a request, as root in
 * the sandbox. curl's exit codes tell what happened: 7 nobody listens, 18, 52 and 56 cut, 22 an HTTP error whose body is
 * a `SupervisorError` (measured with curl 7.88; `--fail-with-body` keeps that body), 28 its time is over.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  streamAliveSeconds,
  supervisorErrorSchema,
  supervisorPaths,
  supervisorStatusSchema,
} from '../contracts/supervisor.ts';
import type { SupervisorError, SupervisorStatus } from '../contracts/supervisor.ts';
import { SandboxLost } from '../sandbox/errors.ts';
import type { Sandbox, SandboxProcess } from '../sandbox/provider.ts';
import { CredentialUnavailable } from './errors.ts';
import { fillingIn, missingSecretCode } from './named-secrets.ts';
import type { NamedSecret } from './named-secrets.ts';

/** The connection was cut, or nobody listens (yet): ask again, then attach again. */
export class SupervisorAbsent extends Error {
  override readonly name: string = 'SupervisorAbsent';
}

/** Nobody listened: what was asked has not begun. */
export class NobodyListens extends SupervisorAbsent {
  override readonly name = 'NobodyListens';
}

/** It took what was asked, and nothing came from it for too long. */
export class SupervisorSilent extends SupervisorAbsent {
  override readonly name = 'SupervisorSilent';
}

/** It answered with an error. */
export class SupervisorRefused extends Error {
  override readonly name = 'SupervisorRefused';
  readonly error: SupervisorError['error'];
  constructor(answer: SupervisorError) {
    super(answer.message);
    this.error = answer.error;
  }
}

export type SupervisorRequest = {
  method?: 'GET' | 'POST' | 'PUT';
  /** Path and query. */
  path: string;
  body?: string | Uint8Array;
  /** Modal secrets whose keys take the place of these secrets of the body (`contracts/supervisor.ts`, `/start`). */
  namedSecrets?: readonly NamedSecret[];
  signal?: AbortSignal;
};

/** Sends a request and returns the running curl; `finish` says how it ended. */
export async function request(sandbox: Sandbox, options: SupervisorRequest): Promise<SandboxProcess> {
  const { body, namedSecrets = [], signal } = options;
  const curl = curlCommand(options);
  return sandbox.exec(namedSecrets.length === 0 ? curl : fillingIn(namedSecrets, curl), {
    ...(body === undefined ? {} : { stdin: body }),
    ...(namedSecrets.length === 0 ? {} : { secretNames: namedSecrets.map((secret) => secret.name) }),
    ...(signal === undefined ? {} : { signal }),
  });
}

/**
 * A supervisor that hangs still takes connections: the kernel does that for it. So every request ends by itself, with code
 * 28: one with a small answer after these seconds, by its path; every other when nothing came for some time.
 */
const answerSeconds: Readonly<Record<string, number>> = {
  '/status': 10,
  '/interrupt': 15,
  '/steer': 15,
  // Lets the agent end, which may take it 10 s, and waits for the disk.
  '/quiesce': 300,
};

/** A few of the lines by which a stream shows that it is alive may come late. curl counts bytes a second over 5 s. */
const silenceSeconds = 4 * streamAliveSeconds;

/** What sends a request from inside the sandbox. The body is for stdin. */
export function curlCommand({ method, path, body }: SupervisorRequest): string[] {
  const verb = method ?? (body === undefined ? 'GET' : 'POST');
  const curl = ['curl', '-sN', '--fail-with-body', '--unix-socket', supervisorPaths.socket, '-X', verb];
  const seconds = answerSeconds[path];
  if (seconds !== undefined) curl.push('--max-time', `${seconds}`);
  else curl.push('--speed-limit', '1', '--speed-time', `${silenceSeconds}`);
  if (body !== undefined) curl.push('-H', 'content-type: application/json', '--data-binary', '@-');
  return [...curl, `http://supervisor${path}`];
}

/** Throws what curl's end means; `lastOutput` is what it printed, which after an HTTP error is the error's body. */
export async function finish(sandbox: Sandbox, curl: SandboxProcess, lastOutput: Uint8Array): Promise<void> {
  const code = await curl.wait();
  if (code === 0) return;
  if (code === 22) throw refusalFrom(lastOutput);
  if (code === missingSecretCode)
    throw new CredentialUnavailable(`the Modal secret ${(await curl.stderr()).trim()}`);
  if (!(await sandbox.isRunning())) throw new SandboxLost(sandbox.sandboxId, 'it ended during a request');
  const message = `curl ended with ${code}: ${(await curl.stderr()).trim()}`;
  if (code === 7) throw new NobodyListens(message);
  throw code === 28 ? new SupervisorSilent(message) : new SupervisorAbsent(message);
}

function refusalFrom(body: Uint8Array): Error {
  const text = Buffer.from(body).toString('utf8');
  const answer = supervisorErrorSchema.safeParse(parseJson(text));
  if (answer.success) return new SupervisorRefused(answer.data);
  return new SupervisorRefused({ error: 'internal', message: `unexpected answer: ${text.slice(0, 200)}` });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

/** One request whose answer is small. */
export async function ask(sandbox: Sandbox, options: SupervisorRequest): Promise<Buffer> {
  const curl = await request(sandbox, options);
  const chunks: Uint8Array[] = [];
  for await (const chunk of curl.stdout) chunks.push(chunk);
  const output = Buffer.concat(chunks);
  await finish(sandbox, curl, output);
  return output;
}

/** Throws `SupervisorSilent`, `SupervisorAbsent`, `SandboxLost`. */
export async function status(sandbox: Sandbox, signal?: AbortSignal): Promise<SupervisorStatus> {
  const answer = await ask(sandbox, { path: '/status', ...(signal === undefined ? {} : { signal }) });
  return supervisorStatusSchema.parse(JSON.parse(answer.toString('utf8')));
}

/** Waits until the supervisor answers: it was just uploaded, or its entrypoint restarts it. */
export async function waitForSupervisor(
  sandbox: Sandbox,
  options: { timeoutSeconds: number; signal?: AbortSignal },
): Promise<SupervisorStatus> {
  const deadline = Date.now() + options.timeoutSeconds * 1_000;
  for (let pauseMs = 10; ; pauseMs = Math.min(pauseMs * 2, 250)) {
    options.signal?.throwIfAborted();
    try {
      return await status(sandbox, options.signal);
    } catch (error) {
      if (!(error instanceof SupervisorAbsent) || Date.now() > deadline) throw error;
    }
    await sleep(pauseMs, undefined, { signal: options.signal });
  }
}
