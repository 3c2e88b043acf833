import { expect, test } from 'vitest';
import { gitEnvironment } from '../../src/git/environment.ts';
import { makePlace, runProgram } from './support/repositories.ts';

test('settings reach every git in the environment and win over files', async () => {
  await using place = await makePlace();
  const directory = await place.folder();
  await place.git(directory, 'init', '--quiet');
  await place.git(directory, 'config', 'user.name', 'Somebody else');
  await place.git(directory, 'config', 'credential.helper', '!echo password=from-a-helper');
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: place.path,
    ...gitEnvironment({
      user: { name: 'Ada', email: 'ada@example.org' },
      insteadOf: [{ from: 'https://example.org/a', to: 'http://127.0.0.1:1/ticket/0~' }],
    }),
  };
  const git = async (...args: string[]): Promise<string> => {
    const result = await runProgram(['git', '-C', directory, ...args], {
      env,
      stdin: 'url=https://example.org\n\n',
    });
    return `${result.stdout}${result.stderr}`;
  };
  await git('commit', '--allow-empty', '-m', 'Work');
  expect(await git('log', '-1', '--format=%an <%ae> %cn')).toBe(
    'Ada (Harvest) <ada@example.org> Ada (Harvest)\n',
  );
  expect(await git('ls-remote', '--get-url', 'https://example.org/a.git')).toBe(
    'http://127.0.0.1:1/ticket/0~.git\n',
  );
  const filled = await git('credential', 'fill');
  expect(filled).toContain('terminal prompts disabled');
  expect(filled).not.toContain('from-a-helper');
});
