/**
 * Bringing carried work back: branches, HEAD, index, files and stashes as they were, onto a fresh clone or onto what an older
 * snapshot held.
 */
import type { CarriedWork } from '../contracts/checkpoint.ts';
import { carriedRef, type CarryRecord, recordIn } from './carry-record.ts';
import { isSessionBranch, readHead } from './heads.ts';
import { type Git, GitFailed, type GitRunner, safeGit } from './runner.ts';
import { createScratch } from './scratch.ts';

export type RestoreInput = {
  repository: string;
  /** The repository's folder: a fresh clone, or what a snapshot held, with its remote fetched. */
  directory: string;
  /** An empty folder of the agent user, outside the repository; the caller removes it afterwards. */
  temporaryDirectory: string;
  /** The session's own branch stays, also when the work knows nothing of it. */
  sessionBranch?: string;
  work: CarriedWork;
  /** Readable for the agent user; null when `work.bytes` is 0. */
  bundlePath: string | null;
};

/** The data of the event `repository.restored`. */
export type RestoreResult = {
  repository: string;
  branch: string | null;
  head: string;
  uncommittedFiles: number;
  unpushedCommits: number;
  /** What did not come back, each a sentence. */
  notRestored: string[];
};

/** Does not reject for work that cannot be brought back: `notRestored` says so. */
export async function restoreWork(run: GitRunner, input: RestoreInput): Promise<RestoreResult> {
  const git = safeGit(run, input.directory);
  const lost = input.work.notCarried === undefined ? [] : [input.work.notCarried];
  let back = { uncommittedFiles: 0, unpushedCommits: 0 };
  try {
    if (input.bundlePath === null) {
      lost.push(...(await checkOutHead(git, input.work)));
    } else {
      lost.push(...(await unpack(run, git, { ...input, bundlePath: input.bundlePath })));
      back = input.work;
    }
  } catch (error) {
    if (error instanceof MissingOnRemote) lost.push(error.message);
    else if (error instanceof GitFailed)
      lost.push(`The carried work could not be brought back in full: ${error.message}.`);
    else throw error;
  }
  lost.push(...(await remoteIsAhead(git, input.work)));
  const { uncommittedFiles, unpushedCommits } = back;
  return { ...(await readHead(run, input)), uncommittedFiles, unpushedCommits, notRestored: lost };
}

class MissingOnRemote extends Error {
  override readonly name = 'MissingOnRemote';
}

/** Nothing was carried because the remote has everything, or because it was too much. */
async function checkOutHead(git: Git, work: CarriedWork): Promise<string[]> {
  if (!(await isKnown(git, work.head))) {
    return [
      `The commit ${work.head.slice(0, 12)} is not on the remote, the repository starts from its branch.`,
    ];
  }
  const isClean = work.uncommittedFiles === 0 && work.unpushedCommits === 0;
  const head = (await git.try(['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'])).stdout.trim();
  // A snapshot of that very point holds what was too much to be carried.
  if (!isClean && head === work.head) return [];
  if (isClean) await git.run(['stash', 'clear']);
  await forceOnto(git, work.head);
  if (work.branch !== null)
    await git.run(['checkout', '--quiet', '--no-track', '-B', work.branch, work.head, '--']);
  return [];
}

async function unpack(
  run: GitRunner,
  git: Git,
  input: RestoreInput & { bundlePath: string },
): Promise<string[]> {
  const carried = await unbundle(git, input.bundlePath);
  const record = renamed(recordIn(await git.run(['cat-file', 'commit', carried])), input.work.branch);
  if (record.head === null) await git.run(['rm', '-r', '--force', '--quiet', '--ignore-unmatch', '--', '.']);
  else await forceOnto(git, record.head);
  const scratch = await createScratch(run, input);
  await scratch.git.run(['read-tree', '--reset', '-u', `${carried}^{tree}`]);
  await git.run(['read-tree', '--reset', `${carried}^^{tree}`]);
  await markIntentToAdd(git, record.intentToAdd);
  const lost = await restoreBranches(git, record, input.sessionBranch);
  if (record.branch !== null) await git.run(['symbolic-ref', 'HEAD', `refs/heads/${record.branch}`]);
  await restoreStashes(git, record);
  // Exit code 1 only says that files differ from the index.
  await git.try(['update-index', '-q', '--refresh']);
  return lost;
}

/** No branch may hold it any more (deleted, force-pushed), but many servers still give it when asked by name. */
async function isKnown(git: Git, head: string): Promise<boolean> {
  const isThere = async (): Promise<boolean> =>
    (await git.try(['cat-file', '-e', `${head}^{commit}`])).exitCode === 0;
  if (await isThere()) return true;
  await git.try(['fetch', '--quiet', '--no-tags', 'origin', head]);
  return isThere();
}

/** After a step back: what was pushed since then stays pushed. */
async function remoteIsAhead(git: Git, { branch }: CarriedWork): Promise<string[]> {
  if (branch === null || !isSessionBranch(branch)) return [];
  const counted = await git.try(['rev-list', '--count', `HEAD..refs/remotes/origin/${branch}`, '--']);
  const ahead = counted.exitCode === 0 ? Number(counted.stdout.trim()) : 0;
  if (ahead === 0) return [];
  const commits = ahead === 1 ? '1 commit that is' : `${ahead} commits that are`;
  return [
    `The remote's branch ${branch} has ${commits} not of this point: a plain push there will be refused.`,
  ];
}

/** Files and index exactly as in the commit, HEAD detached, nothing in progress, no untracked file but ignored ones. */
async function forceOnto(git: Git, head: string): Promise<void> {
  await git.try(['rebase', '--quit']);
  await git.run(['reset', '--quiet', '--hard']);
  await git.run(['checkout', '--quiet', '--force', '--detach', head, '--']);
  await git.run(['clean', '--quiet', '-d', '--force']);
}

/** Resolves to the topmost commit. Rejects with `MissingOnRemote` when the bundle builds on commits that are nowhere. */
async function unbundle(git: Git, bundlePath: string): Promise<string> {
  let listed = await git.try(['bundle', 'unbundle', bundlePath]);
  const missing = missingCommits(listed.stderr);
  if (listed.exitCode !== 0 && missing.length > 0) {
    // No branch holds them any more (deleted, force-pushed), but many servers still give them when asked by name.
    await git.try(['fetch', '--quiet', '--no-tags', 'origin', ...missing]);
    listed = await git.try(['bundle', 'unbundle', bundlePath]);
  }
  if (listed.exitCode !== 0 && missing.length > 0) {
    const commits = missing.map((commit) => commit.slice(0, 12)).join(', ');
    throw new MissingOnRemote(
      `The carried work builds on commits that the remote no longer has (${commits}): it could not be brought back.`,
    );
  }
  if (listed.exitCode !== 0) throw new GitFailed('bundle unbundle', listed);
  const line = listed.stdout.split('\n').find((candidate) => candidate.endsWith(` ${carriedRef}`));
  if (line === undefined)
    throw new GitFailed('bundle unbundle', { ...listed, stderr: 'no carried work inside' });
  return line.slice(0, line.indexOf(' '));
}

function missingCommits(stderr: string): string[] {
  return [...stderr.matchAll(/^error: ([0-9a-f]{40,64})\b/gm)].map((match) => match[1] ?? '');
}

async function markIntentToAdd(git: Git, paths: readonly string[]): Promise<void> {
  if (paths.length === 0) return;
  const args = ['add', '--intent-to-add', '--force', '--pathspec-from-file=-', '--pathspec-file-nul'];
  await git.run(['--literal-pathspecs', ...args], { stdin: paths.map((path) => `${path}\0`).join('') });
}

/** A fork goes on under its own name with what was done on the other session's branch. */
function renamed(record: CarryRecord, branch: string | null): CarryRecord {
  if (record.branch === null || branch === null || record.branch === branch) return record;
  const branches = record.branches
    .filter(({ name }) => name !== branch)
    .map(({ name, head }) => ({ name: name === record.branch ? branch : name, head }));
  return { ...record, branch, branches };
}

/** Exactly those of the record: what a newer or older snapshot holds besides is not of this point. */
async function restoreBranches(git: Git, record: CarryRecord, sessionBranch?: string): Promise<string[]> {
  const kept = sessionBranch === undefined ? [] : [`refs/heads/${sessionBranch}`];
  const names = new Set([...kept, ...record.branches.map(({ name }) => `refs/heads/${name}`)]);
  const there = (await git.run(['for-each-ref', '--format=%(refname)', 'refs/heads'])).split('\n');
  const others = there.filter((ref) => ref !== '' && !names.has(ref));
  await git.try(['update-ref', '--stdin'], { stdin: others.map((ref) => `delete ${ref}\n`).join('') });
  const updates = record.branches.map(({ name, head }) => `update refs/heads/${name} ${head}\n`);
  const moved = await git.try(['update-ref', '--stdin'], { stdin: updates.join('') });
  if (moved.exitCode === 0) return [];
  // All or nothing failed: bring back what can be.
  const lost: string[] = [];
  for (const { name, head } of record.branches) {
    const one = await git.try(['update-ref', `refs/heads/${name}`, head]);
    if (one.exitCode !== 0) lost.push(`The branch ${name} could not be brought back.`);
  }
  return lost;
}

async function restoreStashes(git: Git, record: CarryRecord): Promise<void> {
  await git.run(['stash', 'clear']);
  for (const { commit, message } of record.stashes.toReversed()) {
    await git.run(['stash', 'store', '--quiet', '-m', message, commit]);
  }
}
