/**
 * Whether one commit is in the history of another, proved by content. The repository is the agent's, and so may be every
 * answer of git there: configuration, replaced objects, grafts, a shallow boundary, a commit graph and objects under a wrong
 * name can all say something else. So git only says which commits to look at: each is hashed here, and only what its own
 * bytes say counts. What is wrong or missing makes the proof fail, never succeed.
 */
import { createHash } from 'node:crypto';
import { type Git, type GitRunner, safeGit } from './runner.ts';

export type Ancestry =
  | 'contained'
  | 'not-contained'
  /** The repository does not have the commit that is pushed. */
  | 'unknown-commit'
  /** There is too much between the two to look at. */
  | 'too-far';

/** Between the two. As many were read and the other one was not reached: nobody knows whether it would be. */
const mostCommits = 20_000;

const settings: readonly string[] = ['core.commitGraph=false', 'protocol.allow=never'].flatMap((setting) => [
  '-c',
  setting,
]);

/** For an honest repository, so that what git says is what is proved; a dishonest one gains nothing. */
const environment: Record<string, string> = {
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_NO_LAZY_FETCH: '1',
  GIT_GRAFT_FILE: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
};

/** Rejects as the runner does, for example at its time limit. */
export async function readAncestry(
  run: GitRunner,
  question: { directory: string; ancestor: string; descendant: string },
): Promise<Ancestry> {
  const { ancestor, descendant } = question;
  if (ancestor === descendant) return 'contained';
  const git = safeGit(run, question.directory, environment);
  const between = await commitsBetween(git, question);
  const commits = await readCommits(git, [descendant, ...between]);
  if (!commits.has(descendant)) return 'unknown-commit';
  if (reaches(commits, descendant, ancestor)) return 'contained';
  return between.length < mostCommits ? 'not-contained' : 'too-far';
}

async function commitsBetween(
  git: Git,
  { ancestor, descendant }: { ancestor: string; descendant: string },
): Promise<string[]> {
  const listed = await git.try([
    ...settings,
    'rev-list',
    '--ancestry-path',
    `--max-count=${mostCommits}`,
    descendant,
    `^${ancestor}`,
    '--',
  ]);
  return listed.stdout.split('\n').filter((line) => /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(line));
}

/** The parents of each commit whose bytes have that name. */
async function readCommits(git: Git, names: readonly string[]): Promise<Map<string, string[]>> {
  const stdin = names.map((name) => `${name}\n`).join('');
  const { stdout } = await git.try([...settings, 'cat-file', '--batch'], { stdin });
  const commits = new Map<string, string[]>();
  const asked = new Set(names);
  for (let at = 0; at < stdout.length;) {
    const end = stdout.indexOf('\n', at);
    if (end === -1) break;
    const [, name, size] = /^(\S+) commit (\d+)$/.exec(stdout.slice(at, end)) ?? [];
    at = end + 1;
    if (name === undefined || size === undefined) continue;
    const content = stdout.slice(at, at + Number(size));
    at += Number(size) + 1;
    if (asked.has(name) && nameOf(content, name.length) === name) commits.set(name, parentsIn(content));
  }
  return commits;
}

/** What git calls a commit with these bytes. Throws nothing: text is latin1, every byte one character. */
function nameOf(content: string, digits: number): string {
  const hash = createHash(digits === 64 ? 'sha256' : 'sha1');
  return hash.update(`commit ${content.length}\0${content}`, 'latin1').digest('hex');
}

/** As git reads them: directly behind the tree, before anything that its author wrote. */
function parentsIn(content: string): string[] {
  const [, lines = ''] = /^tree [0-9a-f]+\n((?:parent [0-9a-f]+\n)*)/.exec(content) ?? [];
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.slice('parent '.length));
}

function reaches(commits: ReadonlyMap<string, readonly string[]>, from: string, to: string): boolean {
  const seen = new Set([from]);
  const waiting = [from];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const parent of commits.get(next) ?? []) {
      if (parent === to) return true;
      if (seen.has(parent)) continue;
      seen.add(parent);
      waiting.push(parent);
    }
  }
  return false;
}
