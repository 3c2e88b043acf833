import { describe, expect, test } from 'vitest';
import { judgeToolUse, type ToolJudgement } from '../../src/agent/judge-tool-use.ts';

const situation = {
  directory: '/workspace/api/src',
  repositories: ['/workspace/api', '/workspace/web'],
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

  test.each(['git stash', 'git stash push -m x', 'git stash -u', 'git add . && git stash save'])(
    '%s',
    (command) => {
      expect(sentenceOf(command)).toContain('stashed work is easily forgotten');
    },
  );

  test.each([
    'git stash drop',
    'git stash drop stash@{1}',
    'git stash apply && git stash drop -q',
    'git commit -am "wip: x" && git stash clear',
  ])('%s, which loses work', (command) => {
    expect(sentenceOf(command)).toContain('throw stashed work away');
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
    'git push',
    'git push origin main',
    'git push --force origin harvest/s2',
    'git push origin --delete harvest/s1',
    'git push --mirror',
  ])('are the git proxy’s to judge: %s', (command) => {
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
  const rulesOf = (command: string): string[] => {
    const judgement = judge(command);
    if (judgement.kind !== 'denyIfWork') return [judgement.kind];
    return judgement.rules.map(({ work, directory }) => `${work} in ${directory}`);
  };

  test('is denied where there is such work, in the folder that would lose it', () => {
    expect(rulesOf('git reset --hard origin/main')).toEqual(['changes in /workspace/api/src']);
    expect(rulesOf('cd ../../web && git clean -fdx')).toEqual(['untracked in /workspace/web']);
    expect(rulesOf('git -C "$REPOSITORY" reset --hard')).toEqual(['changes in /workspace/api/src']);
    expect(rulesOf('git reset --hard && git pull')).toEqual(['deny']);
  });

  test('is looked for in every place of the line, once', () => {
    const line =
      'git reset --hard; git clean -fd; git reset --hard HEAD^; git -C /workspace/web reset --hard';
    expect(rulesOf(line)).toEqual([
      'changes in /workspace/api/src',
      'untracked in /workspace/api/src',
      'changes in /workspace/web',
    ]);
    expect(rulesOf('git commit -am "wip: x" && git reset --hard && git -C ../../web reset --hard')).toEqual([
      'changes in /workspace/web',
    ]);
  });

  test.each([
    'git add -A && git commit --no-verify -m "wip: x" && git reset --hard origin/main',
    'git add -A && git commit -qm "x" > /dev/null 2>&1 && echo done && git reset --hard',
    'git add --all && git commit -m "x" && git clean -fd',
    'git commit -am "x" && (git fetch origin; git reset --hard origin/main)',
    'git commit -am "x" && if true; then git reset --hard; fi',
    "git commit -am x && bash -c 'git reset --hard'",
    "bash -c 'git add -A && git commit -m x && git reset --hard'",
    'cd /workspace/web && git commit -am "x" && git reset --hard',
    'git -C /workspace/web commit -am "x" && git -C /workspace/web/ reset --hard',
    'true || false && git commit -am "x" && git reset --hard',
    'git reset --soft HEAD^',
    'git reset',
    'git clean -ndx',
    'git clean -fdX',
    'git clean -fd build',
    'git checkout main',
  ])('goes through where nothing is lost: %s', (command) => {
    expect(judge(command)).toEqual({ kind: 'allow' });
  });

  test.each([
    'git commit -am "x"; git reset --hard',
    'git commit -am "x"\ngit reset --hard',
    'git commit -am "x" || git reset --hard',
    'git commit -am "x" && git fetch || git reset --hard',
    'git commit -am "x" || git fetch && git reset --hard',
    'git fetch || git commit -am "x" && git reset --hard',
    'git commit -am "x" && git fetch; git reset --hard',
    'git commit -am "x" & git reset --hard',
    'git commit -am "x" | tee log && git reset --hard',
    '! git commit -am "x" && git reset --hard',
    'git -C /workspace/web commit -am "x" && git reset --hard',
    'git commit -am "x" && cd .. && git reset --hard',
    'cd "$A" && git commit -am "x" && cd "$B" && git reset --hard',
    'git commit --allow-empty -m "x" && git reset --hard',
    'git commit --amend --no-edit && git reset --hard',
    'git commit -m "x" && git reset --hard',
    'git commit -am "x" && git clean -fd',
    'git commit -m "x" && git add -A && git reset --hard',
    'git add -A src && git commit -m "x" && git reset --hard',
    'git add -An && git commit -m "x" && git reset --hard',
    'git add -A && git commit -m "x" README.md && git reset --hard',
    'git commit --dry-run && git reset --hard',
    'git log --grep commit && git reset --hard',
  ])('is no snapshot of it: %s', (command) => {
    expect(judge(command)).toMatchObject({ kind: 'denyIfWork' });
  });
});

test('other tools have no rules', () => {
  expect(judgeToolUse('Write', { file_path: 'x', content: 'git pull' }, situation)).toEqual({
    kind: 'allow',
  });
  expect(judgeToolUse('Bash', { other: 1 }, situation)).toEqual({ kind: 'allow' });
});
