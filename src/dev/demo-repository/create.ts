/** Makes the demo's repository on disk. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { git } from './git.ts';
import { history, type DemoCommit } from './history.ts';

export type DemoRepository = {
  /** The bare repository, `<directory>/<name>.git`. */
  path: string;
  /** Its only branch. */
  branch: 'main';
  head: string;
};

/**
 * Makes the demo's repository: a small npm package with a history by several people, and a test that fails because of a real bug. The same
 * commits, to the id, every time. Rejects when `<directory>/<name>.git` exists already.
 */
export async function createDemoRepository(options: {
  directory: string;
  name: string;
}): Promise<DemoRepository> {
  const path = join(options.directory, `${options.name}.git`);
  await mkdir(path, { recursive: false });
  const work = await mkdtemp(join(tmpdir(), 'demo-repository-'));
  try {
    await git(work, ['init', '--quiet', '--initial-branch=main']);
    for (const commit of history) await makeCommit(work, commit);
    await git(path, ['init', '--quiet', '--bare', '--initial-branch=main']);
    await git(work, ['push', '--quiet', path, 'main']);
    return { path, branch: 'main', head: await git(path, ['rev-parse', 'main']) };
  } catch (error) {
    await rm(path, { recursive: true, force: true });
    throw error;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function makeCommit(work: string, { author, date, message, files }: DemoCommit): Promise<void> {
  for (const [file, content] of Object.entries(files)) {
    const path = join(work, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
  await git(work, ['add', '--all']);
  const person = {
    GIT_AUTHOR_NAME: author.name,
    GIT_AUTHOR_EMAIL: author.email,
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_NAME: author.name,
    GIT_COMMITTER_EMAIL: author.email,
    GIT_COMMITTER_DATE: date,
  };
  await git(work, ['commit', '--quiet', '--message', message], person);
}
