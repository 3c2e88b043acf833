/** Checkpoint branches `checkpoint-<branch>-<seconds since 1970>`: where a branch was before something risky was done to it. */
import type { Git } from './runner.ts';

const keptDays = 7;

export function checkpointBranch(branch: string, now: Date): string {
  return `checkpoint-${branch}-${seconds(now)}`;
}

/** Those that are older than a week, whoever made them; never the one that is checked out. */
export async function pruneCheckpoints(git: Git, now: Date): Promise<void> {
  const args = ['for-each-ref', '--format=%(objectname) %(refname) %(HEAD)', 'refs/heads/checkpoint-*'];
  const listed = (await git.run([...args, 'refs/heads/checkpoint-*/**'])).split('\n');
  const oldest = seconds(now) - keptDays * 24 * 60 * 60;
  const deletions = listed.flatMap((line) => {
    const [commit = '', ref = '', current] = line.split(' ');
    const madeAt = /^refs\/heads\/checkpoint-.+-(\d{9,11})$/.exec(ref)?.[1];
    const isOld = madeAt !== undefined && Number(madeAt) < oldest && current !== '*';
    return isOld ? [`delete ${ref} ${commit}\n`] : [];
  });
  if (deletions.length > 0) await git.run(['update-ref', '--stdin'], { stdin: deletions.join('') });
}

function seconds(time: Date): number {
  return Math.floor(time.getTime() / 1_000);
}
