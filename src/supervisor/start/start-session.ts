/**
 * What `/start` does for a generation whose repositories and conversation are not in place yet, and what it leaves out
 * after a restart of the supervisor. Which record of the journal ends the start is written by `supervisor.ts`.
 */
import { rename, rm } from 'node:fs/promises';
import type { RepositoryHead } from '../../contracts/checkpoint.ts';
import type { StartFailure } from '../../contracts/supervisor.ts';
import { RepositoryUnavailable } from '../../git/failures.ts';
import { readHead } from '../../git/heads.ts';
import { readTranscript, writeTranscript } from '../agent-session/transcript-file.ts';
import { createGitRunner } from '../repositories/git-runner.ts';
import { placeRepository } from '../repositories/place-repository.ts';
import type { Settings } from '../settings.ts';
import { exists, incomingBundle, incomingFolder, incomingTranscript } from './incoming.ts';
import type { Session } from './session.ts';

export type Placed = {
  heads: RepositoryHead[];
  /** The conversation to go on with; null when a new one begins. */
  agentSessionId: string | null;
};

export async function placeEverything(settings: Settings, session: Session): Promise<Placed> {
  const [agentSessionId, heads] = await allEnded([
    placeConversation(settings, session),
    allEnded(session.request.repositories.map(async (_, index) => place(settings, session, index))),
  ]);
  await rm(incomingFolder(settings), { recursive: true, force: true });
  return { agentSessionId, heads };
}

/** Like `Promise.all`, but rejects only when nothing is under way any more: the next attempt uses the same folders. */
async function allEnded<T extends readonly unknown[] | []>(
  values: T,
): Promise<{ -readonly [P in keyof T]: Awaited<T[P]> }> {
  await Promise.allSettled(values);
  return Promise.all(values);
}

/** After a restart of the supervisor: all is in place, only said again. */
export async function findEverything(settings: Settings, session: Session): Promise<Placed> {
  const run = createGitRunner(settings, session.env);
  const heads = await Promise.all(
    session.repositories.map(({ name, path }) => readHead(run, { repository: name, directory: path })),
  );
  const { agentSessionId } = session.recorder.generation;
  return {
    heads,
    agentSessionId: agentSessionId ?? session.request.restore?.transcript?.agentSessionId ?? null,
  };
}

export function failureOf(error: unknown): StartFailure {
  if (error instanceof RepositoryUnavailable) return error.failure;
  return { kind: 'internal', message: error instanceof Error ? error.message : String(error) };
}

async function place(settings: Settings, session: Session, index: number): Promise<RepositoryHead> {
  const { request, recorder, env } = session;
  const wanted = request.repositories[index];
  const repository = session.repositories[index];
  if (wanted === undefined || repository === undefined) throw new Error('no such repository');
  const { name, path } = repository;
  const work = request.restore?.carried.find((carried) => carried.repository === name);
  const bundle = incomingBundle(settings, name);
  const bundlePath = work !== undefined && work.bytes > 0 ? bundle : null;
  if (bundlePath !== null && !(await exists(bundlePath)))
    throw new Error(`the bundle of ${name} was not sent ahead of the start`);
  const { url, branch } = wanted;
  return placeRepository({
    settings,
    recorder,
    env,
    clone: { repository: name, url, branch, directory: path, sessionBranch: request.branch },
    fromRepoImage: request.fromRepoImage,
    carried: work === undefined ? null : { work, bundlePath },
  });
}

/** Writes the sent transcript where the agent looks for it. One that a snapshot brought is older, and replaced. */
async function placeConversation(settings: Settings, session: Session): Promise<string | null> {
  const { restore } = session.request;
  if (restore === undefined) return null;
  const { recorder, directory } = session;
  const restored = (from: 'transcript' | 'event-log' | 'nothing', entries: number): void =>
    recorder.event({ type: 'conversation.restored', data: { from, entries } });
  if (restore.transcript !== null) {
    const { agentSessionId } = restore.transcript;
    const at = { cwd: directory, agentSessionId };
    const sent = incomingTranscript(settings, agentSessionId);
    if (await exists(sent)) {
      await writeTranscript(settings, { ...at, source: sent });
      await rename(sent, recorder.generation.restoredTranscript);
      await recorder.generation.learnRestored();
    }
    const entries = await readTranscript(settings, at);
    if (entries !== null) {
      restored('transcript', entries.length);
      return agentSessionId;
    }
  }
  const { length } = restore.recentMessages;
  restored(length > 0 ? 'event-log' : 'nothing', length);
  return null;
}
