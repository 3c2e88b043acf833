import { describe, expect, test } from 'vitest';
import { judgeToolUse, type ToolJudgement } from '../../src/agent/judge-tool-use.ts';

const situation = {
  directory: '/workspace/api/src',
  branch: 'harvest/s1',
  repositories: ['/workspace/api', '/workspace/web'],
  fetching: false,
};

const judge = (command: string): ToolJudgement => judgeToolUse('Bash', { command }, situation);

const sentenceOf = (command: string): string => {
  const judgement = judge(command);
  return judgement.kind === 'deny' ? judgement.sentence : `${command}: ${judgement.kind}`;
};

const heredoc = (message: string): string => `"$(cat <<'EOF'\n${message}\nEOF\n)"`;

describe('git pull and git stash are explained', () => {
  test.each([
    'git pull',
    'git pull --rebase origin main',
    'cd .. && git -C /workspace/web pull',
    'git -c a=b --no-pager pull',
    'GIT_TRACE=1 FOO="a b" git pull',
    '/usr/bin/git pull',
    "sh -c 'git pull'",
    'bash -lc "cd /workspace/web && git pull"',
    'echo done; (cd /workspace/web; git pull) | tee log',
    'echo "now: $(git pull)"',
    'echo `git pull`',
    'bash <<EOF\ngit pull\nEOF',
    "bash <<< 'git pull'",
    'eval "git pull"',
    'env -u A B=1 timeout -k 5 30 git pull',
    'if ! git pull; then exit 1; fi',
    'for r in api web; do git -C "$r" pull; done',
    'cd "$SOMEWHERE" && git pull',
    'g() { git pull; }; g',
    'git status &&\n  git \\\n  pull',
  ])('%s', (command) => {
    expect(sentenceOf(command)).toContain('git rebase origin/');
  });

  test.each([
    'git stash',
    'git stash push -m x',
    'git stash -u',
    'git add . && git stash save',
    'git stash clear',
  ])('%s', (command) => {
    expect(sentenceOf(command)).toContain('stashed work is easily forgotten');
  });
});

describe('what only speaks of git goes through', () => {
  test.each([
    'git commit -m "Explain git pull && git stash"',
    "git commit -m 'git pull'",
    `git commit -m ${heredoc('Say why `git pull` is bad\n\ngit stash --no-verify')}`,
    'grep -rn "git stash" docs',
    'rg "git pull|git push --force origin main"',
    'echo git pull',
    'cat <<EOF > notes.md\ngit pull\ngit stash\nEOF',
    '# git pull\nls',
    'git log --grep "git pull"',
    'git branch pull && git checkout pull',
    'git help pull',
    'git pull --help',
    'git stash list',
    'git stash pop',
    'npm run git pull',
    'printf "git pull" | cat',
    'git commit -m "--no-verify is not used"',
    'git grep -n pull',
    'git log -n 3 && git show',
    'git commit -uno -m "A thing"',
    'gitk pull; legit pull',
    'cd /tmp/other && git pull && git push origin main',
    'git -C /tmp/other stash',
    'git "pull',
    '$GIT pull',
    '',
  ])('%s', (command) => {
    expect(judge(command)).toEqual({ kind: 'allow' });
  });
});

describe('hooks', () => {
  test.each([
    'git commit --no-verify -m "Fix it"',
    'git commit -nm "Fix it"',
    'git commit -an -m "Fix it"',
    'git commit --amend --no-edit --no-verify',
    `git commit -n -m ${heredoc('Fix it')}`,
    'git -c core.hooksPath=/dev/null commit -m "Fix it"',
    'git commit --no-verify -F message.txt',
    'git push --no-verify',
    'git rebase --no-verify origin/main',
  ])('are not skipped by %s', (command) => {
    expect(sentenceOf(command)).toContain('Hooks are skipped only for snapshots');
  });

  test.each([
    'git commit --no-verify -m "wip: snapshot before sync"',
    'git add -A && git commit -anm "WIP: half of it"',
    'git commit -n --message="wip: x"',
    `git commit --no-verify -m ${heredoc('wip: half of it')}`,
    'git commit --no-verify -F - <<EOF\nwip: x\nEOF',
    'git commit --no-verify -m "$MESSAGE"',
  ])('may be skipped for the snapshot %s', (command) => {
    expect(judge(command)).toEqual({ kind: 'allow' });
  });
});

describe('pushes', () => {
  test.each([
    'git push origin main',
    'git push -u origin HEAD:main',
    'git push origin harvest/s1:refs/heads/main',
    'git push origin --delete harvest/s1',
    'git push origin :harvest/s1',
    'git push --mirror',
    'git push --all origin',
    'git push origin v1.0',
  ])('that the proxy would refuse are explained: %s', (command) => {
    expect(sentenceOf(command)).toContain('git push origin HEAD:harvest/s1');
  });

  test.each([
    'git push --force origin harvest/s2',
    'git push origin +HEAD:harvest/s2',
    'git push -fu origin harvest/s2',
  ])('that could overwrite another session’s work are explained: %s', (command) => {
    expect(sentenceOf(command)).toContain('Force only `harvest/s1`');
  });

  test.each([
    'git push',
    'git push -u origin HEAD',
    'git push --force-with-lease origin harvest/s1',
    'git push --force-with-lease=harvest/s1:abc origin harvest/s1',
    'git push origin +HEAD:refs/heads/harvest/s1',
    'git push origin harvest/s1-docs',
    'git push origin "$(git branch --show-current)"',
    'git push --dry-run origin main',
    'git push origin --delete harvest/checkpoint-s1-1700000000',
    'git push origin :refs/heads/harvest/checkpoint-s1-1700000000',
    'git push /tmp/bare main',
  ])('of the session’s own go through: %s', (command) => {
    expect(judge(command)).toEqual({ kind: 'allow' });
  });
});

describe('credentials', () => {
  test.each([
    'git config --global credential.helper store',
    'git config set credential.helper "!echo x"',
    'git config url.https://x@example.org/.insteadOf https://example.org/',
    'git -c credential.helper=store fetch',
    'git config --add http.https://example.org/.extraHeader "A: b"',
  ])('are not set by %s', (command) => {
    expect(sentenceOf(command)).toContain('no git credential');
  });

  test.each([
    'git config --get credential.helper',
    'git config credential.helper',
    'git config list',
    'git config --unset credential.helper',
    'git config core.hooksPath .githooks',
    'git -c credential.helper= fetch',
  ])('may be looked at, and other settings made: %s', (command) => {
    expect(judge(command)).toEqual({ kind: 'allow' });
  });
});

describe('what throws work away', () => {
  test('is denied where there is such work, in the folder that would lose it', () => {
    expect(judge('git reset --hard origin/main')).toMatchObject({
      kind: 'denyIfWork',
      work: 'changes',
      directory: '/workspace/api/src',
    });
    expect(judge('cd ../../web && git clean -fdx')).toMatchObject({
      kind: 'denyIfWork',
      work: 'untracked',
      directory: '/workspace/web',
    });
    expect(judge('git reset --hard && git pull')).toMatchObject({ kind: 'deny' });
  });

  test.each([
    'git add -A && git commit --no-verify -m "wip: x" && git reset --hard origin/main',
    'git reset --soft HEAD^',
    'git reset',
    'git clean -ndx',
    'git clean -fdX',
    'git clean -fd build',
    'git checkout main',
  ])('goes through where nothing is lost: %s', (command) => {
    expect(judge(command)).toEqual({ kind: 'allow' });
  });
});

describe('while the repository is being fetched', () => {
  const fetching = { ...situation, fetching: true };

  test.each(['Read', 'Glob', 'Grep', 'WebFetch', 'TodoWrite'])('%s goes on', (tool) => {
    expect(judgeToolUse(tool, {}, fetching)).toEqual({ kind: 'allow' });
  });

  test.each(['Bash', 'Edit', 'Write', 'NotebookEdit', 'Agent', 'Monitor', 'mcp__filesystem__write_file'])(
    '%s waits',
    (tool) => {
      expect(judgeToolUse(tool, { command: 'ls' }, fetching)).toEqual({ kind: 'wait' });
    },
  );

  test('a command that is denied anyway waits too, and other tools have no rules', () => {
    expect(judgeToolUse('Bash', { command: 'git pull' }, fetching)).toEqual({ kind: 'wait' });
    expect(judgeToolUse('Write', { file_path: 'x', content: 'git pull' }, situation)).toEqual({
      kind: 'allow',
    });
    expect(judgeToolUse('Bash', { other: 1 }, situation)).toEqual({ kind: 'allow' });
  });
});
