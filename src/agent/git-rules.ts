/**
 * The rules about the agent's git, as sentences that say what to do instead. They keep work from being lost before
 * it is pushed; what may be pushed is not theirs. They are no boundary, so they leave alone what they cannot read.
 */
import { readOptions, type GitCommand } from './git-command.ts';
import { deny, type Objection } from './objection.ts';

type GitRule = (command: GitCommand) => Objection | null;

export const gitRules: readonly GitRule[] = [pull, stash, noVerify, settings, config, reset, clean];

const noValues: ReadonlySet<string> = new Set();

function pull({ name, args }: GitCommand): Objection | null {
  if (name !== 'pull' || isHelp(args)) return null;
  return deny(
    '`git pull` is not used in a session: it mixes fetching with a merge that nobody looked at. Commit what you have ' +
      '(`git add -A && git commit --no-verify -m "wip: snapshot before sync"`), run `git fetch origin`, look at what ' +
      'came, then `git rebase origin/<branch>`.',
  );
}

/** What brings earlier stashes back, or only looks, is no risk. */
const harmlessStash: ReadonlySet<string> = new Set(['list', 'show', 'apply', 'pop', 'branch']);

/** Where there is nothing stashed they do nothing, so there is nothing to look for first. */
const losingStash: ReadonlySet<string> = new Set(['drop', 'clear']);
const losingStashSentence =
  '`git stash drop` and `git stash clear` throw stashed work away. Bring it back with `git stash pop`, or ' +
  '`git stash branch harvest/<what it is>` when that conflicts, and commit it; or leave it where it is.';

function stash({ name, args }: GitCommand): Objection | null {
  if (name !== 'stash' || isHelp(args) || harmlessStash.has(args[0]?.text ?? '')) return null;
  if (losingStash.has(args[0]?.text ?? '')) return deny(losingStashSentence);
  return deny(
    '`git stash` is not used in a session: stashed work is easily forgotten. Commit it instead, with ' +
      '`git add -A && git commit --no-verify -m "wip: <what it is>"`; undo that later with `git reset --soft HEAD^`.',
  );
}

const commitValues: ReadonlySet<string> = new Set(
  '-m --message -F --file -C --reuse-message -c --reedit-message -t --template --author --date --fixup --squash --trailer --cleanup'.split(
    ' ',
  ),
);
const withHooks: ReadonlySet<string> = new Set(['commit', 'push', 'merge', 'rebase', 'am', 'cherry-pick']);

function noVerify({ name, args, settings: given, stdin }: GitCommand): Objection | null {
  if (!withHooks.has(name)) return null;
  // What follows these letters is their value: `-uno`.
  const readable = args.filter(({ text }) => !/^-[uS]/.test(text));
  const options = readOptions(readable, name === 'commit' ? commitValues : noValues);
  const skips = options.names.has('--no-verify') || (name === 'commit' && options.names.has('-n'));
  const unhooked = given.some((setting) => /^core\.hookspath=(\/dev\/null)?$/i.test(setting));
  if (!skips && !unhooked) return null;
  if (name === 'commit') {
    const message = options.values.find((option) => option.name === '-m' || option.name === '--message');
    const fromStdin = options.values.some(
      ({ name: file, value }) => /^(-F|--file)$/.test(file) && value.text === '-',
    );
    const text = message?.value.text ?? (fromStdin ? stdin : null);
    if (text !== null && isSnapshot(text)) return null;
    // Only the shell knows what it says.
    if (message?.value.isKnown === false && !isHereDocument.test(message.value.text)) return null;
  }
  return deny(
    `Hooks are skipped only for snapshots, whose message begins with \`wip:\`. Run \`git ${name}\` with its hooks, ` +
      'and mend what they find.',
  );
}

const isHereDocument = /^\s*\$\(\s*cat\s*<<-?\s*(['"\\]?)\w+\1\n/;

function isSnapshot(message: string): boolean {
  return /^\s*wip:/i.test(message.replace(isHereDocument, ''));
}

const settingsSentence =
  'Credentials and where the remote is are set up for the session and not changed: there is no git credential in the ' +
  'sandbox, and none is needed. Use `git fetch` and `git push` as they are.';

const reserved =
  /^(credential\.(.*\.)?helper|url\..*\.(push)?insteadof|core\.askpass|http\.(.*\.)?extraheader)$/i;

function settings({ settings: given }: GitCommand): Objection | null {
  const changes = given.some((setting) => {
    const [key = '', value = ''] = setting.split('=', 2);
    return reserved.test(key) && value !== '';
  });
  return changes ? deny(settingsSentence) : null;
}

const configValues: ReadonlySet<string> = new Set([
  '-f',
  '--file',
  '--blob',
  '--type',
  '--default',
  '--comment',
]);
const configVerbs: ReadonlySet<string> = new Set(['get', 'set', 'unset', 'list', 'edit', 'rename-section']);

function config({ name, args }: GitCommand): Objection | null {
  if (name !== 'config') return null;
  const { names, words } = readOptions(args, configValues);
  const isVerb = configVerbs.has(words[0]?.text ?? '');
  const [key, value] = isVerb ? words.slice(1) : words;
  const reads = [...names].some((option) => /^--(get|list|show)|^-l$/.test(option));
  if (reads || (isVerb && words[0]?.text !== 'set') || key === undefined || value === undefined) return null;
  return reserved.test(key.text) && value.text !== '' ? deny(settingsSentence) : null;
}

function reset({ name, args }: GitCommand): Objection | null {
  if (name !== 'reset' || !readOptions(args, noValues).names.has('--hard')) return null;
  return {
    kind: 'losesWork',
    work: 'changes',
    sentence:
      '`git reset --hard` would throw uncommitted changes away. Take a snapshot first: ' +
      '`git add -A && git commit --no-verify -m "wip: snapshot before reset"`.',
  };
}

function clean({ name, args }: GitCommand): Objection | null {
  if (name !== 'clean') return null;
  const { names, words } = readOptions(args, new Set(['-e', '--exclude']));
  const onlyLooks =
    names.has('-n') || names.has('--dry-run') || names.has('-i') || names.has('--interactive');
  const forced = names.has('-f') || names.has('--force');
  // Named files are meant; what git ignores (-X) can be made again.
  const everything = words.every(({ text }) => /^(\.\/?|:\/)$/.test(text));
  if (!forced || onlyLooks || names.has('-X') || !everything) return null;
  return {
    kind: 'losesWork',
    work: 'untracked',
    sentence:
      '`git clean` would delete files that were never committed. Take a snapshot first ' +
      '(`git add -A && git commit --no-verify -m "wip: snapshot before clean"`), or name the files to delete; ' +
      '`git clean -fdX` deletes only what git ignores.',
  };
}

/** What a call of git does for uncommitted work: to be in the next commit, or in this one. */
export function keeping({ name, args }: GitCommand): 'commit' | 'commitsChanges' | 'stagesAll' | null {
  if (name === 'add') {
    const { names, words } = readOptions(args, noValues);
    const isAll = names.has('-A') || names.has('--all');
    return isAll && !names.has('-n') && words.length === 0 ? 'stagesAll' : null;
  }
  if (name !== 'commit') return null;
  const { names, words } = readOptions(args, commitValues);
  // Such a commit may hold nothing of it and succeed.
  if (['--allow-empty', '--amend', '--dry-run'].some((option) => names.has(option)) || words.length > 0)
    return null;
  return names.has('-a') || names.has('--all') ? 'commitsChanges' : 'commit';
}

function isHelp(args: GitCommand['args']): boolean {
  return args.some(({ text }) => text === '-h' || text === '--help');
}
