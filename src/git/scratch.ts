/**
 * A git folder of our own beside a repository: its objects can be read, new objects and refs go here, and no attribute
 * changes a file's bytes on the way in or out (line ends, filters, encodings). So work is taken and brought back exactly, and
 * the repository itself keeps its index, refs and objects as they are.
 */
import { type Git, type GitRunner, GitFailed, safeEnvironment, safeGit } from './runner.ts';

/** `git` works on the repository's files with this index, these refs and objects. */
export type Scratch = {
  git: Git;
  /** The id of no object, as long as the repository's ids are. */
  nullId: string;
};

/** `info/attributes` outranks every other attribute file. */
const noConversion = '* -text !eol !crlf -ident !filter !working-tree-encoding\n';

/** The scratch index starts as a copy of the repository's, file times included, so that unchanged files are not read again. */
export async function createScratch(
  run: GitRunner,
  input: { directory: string; temporaryDirectory: string },
): Promise<Scratch> {
  const scratch = `${input.temporaryDirectory}/scratch.git`;
  const index = `${input.temporaryDirectory}/index`;
  const repository = safeGit(run, input.directory);
  const paths = await repository.run([
    'rev-parse',
    '--show-object-format',
    '--path-format=absolute',
    '--git-path',
    'objects',
    '--git-path',
    'index',
    '--git-path',
    'shallow',
  ]);
  const [format = 'sha1', objects = '', indexPath = '', shallow = ''] = paths.split('\n');
  const environment = {
    GIT_INDEX_FILE: index,
    GIT_OBJECT_DIRECTORY: `${scratch}/objects`,
    GIT_ALTERNATE_OBJECT_DIRECTORIES: objects,
    GIT_SHALLOW_FILE: shallow,
  };
  await safeGit(run, '/').run([
    'init',
    '--quiet',
    '--bare',
    '--template=',
    `--object-format=${format}`,
    scratch,
  ]);
  const git = safeGit(run, input.directory, {
    ...environment,
    GIT_DIR: scratch,
    GIT_WORK_TREE: input.directory,
  });
  await writeAttributes(git, { scratch, temporaryDirectory: input.temporaryDirectory });
  await copyIndex(run, indexPath, index);
  // It may be split over two files, the other one beside the original: made one while git still finds that.
  await safeGit(run, input.directory, environment).run(['update-index', '--no-split-index']);
  return { git, nullId: '0'.repeat(format === 'sha256' ? 64 : 40) };
}

/** Written by git itself: this room has no other way to make a file. */
async function writeAttributes(git: Git, at: { scratch: string; temporaryDirectory: string }): Promise<void> {
  const env = { GIT_INDEX_FILE: `${at.temporaryDirectory}/attributes-index` };
  const blob = await git.run(['hash-object', '-w', '--stdin', '--no-filters'], { stdin: noConversion });
  await git.run(['update-index', '--add', '--cacheinfo', `100644,${blob.trim()},info/attributes`], { env });
  await git.run(['checkout-index', '--all', `--prefix=${at.scratch}/`], { env });
}

async function copyIndex(run: GitRunner, from: string, to: string): Promise<void> {
  const copied = await run(['-p', '--', from, to], { program: 'cp', env: { ...safeEnvironment } });
  // A repository in which nothing was ever added has none.
  if (copied.exitCode !== 0 && !/No such file/.test(copied.stderr))
    throw new GitFailed('copy of the index', copied);
}
