/**
 * Carried work: taken by git as the agent user after every turn, kept as a file of root's until the worker has fetched it,
 * and brought back from one that the worker sent.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { bounds } from '../../contracts/bounds.ts';
import type { CarriedWork } from '../../contracts/checkpoint.ts';
import { carryWork, tooLargeToCarry } from '../../git/carry.ts';
import { noCommit } from '../../git/heads.ts';
import { restoreWork, type RestoreResult } from '../../git/restore.ts';
import { runToSuccess } from '../processes/agent-user.ts';
import { withTemporaryFolder } from '../processes/folders.ts';
import type { Settings } from '../settings.ts';
import { createGitRunner } from './git-runner.ts';

type Repository = { name: string; directory: string };

type At = { settings: Settings; env: Readonly<Record<string, string>>; repository: Repository };

const noBundleSha256 = createHash('sha256').digest('hex');

export function bundlePathOf(generationFolder: string, at: { turnId: string; repository: string }): string {
  return join(generationFolder, 'carried', at.turnId, `${at.repository}.bundle`);
}

/** Writes the bundle to `bundlePath`, unless there is nothing to carry or it is too much: `bytes` is 0 then. */
export async function takeCarriedWork(
  { settings, env, repository }: At,
  bundlePath: string,
): Promise<CarriedWork> {
  const run = createGitRunner(settings, env);
  return withTemporaryFolder(settings, async (temporaryDirectory) => {
    const { name, directory } = repository;
    const carried = await carryWork(run, { repository: name, directory, temporaryDirectory });
    const nothing = { bytes: 0, sha256: noBundleSha256 };
    if (carried.bundlePath === null) return { ...carried.work, ...nothing };
    const bundle = await copyOut({ settings, from: carried.bundlePath, to: bundlePath });
    if (bundle.bytes <= bounds.carriedWorkBytes) return { ...carried.work, ...bundle };
    await rm(bundlePath);
    const limitBytes = bounds.carriedWorkBytes;
    return { ...tooLargeToCarry(carried.work, { bytes: bundle.bytes, limitBytes }), ...nothing };
  });
}

/** `bundlePath` is what the worker sent, or null when there was nothing to carry. */
export async function bringBackCarriedWork(
  { settings, env, repository }: At,
  {
    work,
    bundlePath,
    sessionBranch,
  }: { work: CarriedWork; bundlePath: string | null; sessionBranch: string | null },
): Promise<RestoreResult> {
  const run = createGitRunner(settings, env);
  return withTemporaryFolder(settings, async (folder) => {
    const inside = join(folder, 'sent.bundle');
    if (bundlePath !== null) await copyIn({ settings, from: bundlePath, to: inside });
    return restoreWork(run, {
      repository: repository.name,
      directory: repository.directory,
      temporaryDirectory: folder,
      ...(sessionBranch === null ? {} : { sessionBranch }),
      work,
      bundlePath: bundlePath === null ? null : inside,
    });
  });
}

type Copy = { settings: Settings; from: string; to: string };

async function copyOut({ settings, from, to }: Copy): Promise<{ bytes: number; sha256: string }> {
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  const hash = createHash('sha256');
  let bytes = 0;
  const counted = async function* (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
  };
  await runToSuccess(settings, {
    argv: ['cat', '--', from],
    takeStdout: (stdout) => pipeline(stdout, counted, createWriteStream(`${to}.part`, { mode: 0o600 })),
  });
  await rename(`${to}.part`, to);
  return { bytes, sha256: hash.digest('hex') };
}

async function copyIn({ settings, from, to }: Copy): Promise<void> {
  const argv = ['sh', '-c', 'cat > "$1"', 'sh', to] as const;
  await runToSuccess(settings, { argv, stdin: createReadStream(from) });
}

/** For a repository that git cannot read, for example because the agent removed it. */
export function unreadableWork(repository: string, message: string): CarriedWork {
  return {
    repository,
    branch: null,
    head: noCommit,
    bytes: 0,
    sha256: noBundleSha256,
    uncommittedFiles: 0,
    unpushedCommits: 0,
    notCarried: `Nothing of ${repository} is carried: ${message}.`,
  };
}
