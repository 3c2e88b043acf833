/** The command runs as it is, in a real Node; only curl is another program. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { fillingIn, missingSecretCode } from '../../src/activities/named-secrets.ts';
import type { NamedSecret } from '../../src/activities/named-secrets.ts';

const github: NamedSecret = { field: 'github', name: 'git', key: 'TOKEN' };

/** `TOKEN` is what the provider gives; `curl` gets the body on stdin. */
function send(secrets: readonly NamedSecret[], curl: readonly string[]) {
  const [, ...args] = fillingIn(secrets, curl);
  const { PATH } = process.env;
  const input = JSON.stringify({ from: 0, secrets: { claude: 'known' } });
  return spawnSync(process.execPath, args, { input, encoding: 'utf8', env: { PATH, TOKEN: 'canary-51' } });
}

test('puts the values into the body, and hands it on', () => {
  const { stdout, status } = send([github], ['cat', '-']);
  expect(JSON.parse(stdout)).toEqual({ from: 0, secrets: { claude: 'known', github: 'canary-51' } });
  expect(status).toBe(0);
});

test('keeps them from the environment and the arguments of what sends the body', () => {
  const { stdout } = send([github], ['sh', '-c', 'env; echo "$@"', 'sh', 'http://supervisor/start']);
  expect(stdout).toContain('http://supervisor/start');
  expect(stdout).not.toContain('canary-51');
});

test('ends as what sends the body ends', () => {
  expect(send([github], ['sh', '-c', 'exit 22']).status).toBe(22);
});

test('says which key is missing, and sends nothing', () => {
  const { status, stderr, stdout } = send([github, { field: 'claude', name: 'model', key: 'KEY' }], ['cat']);
  expect({ status, stderr, stdout }).toEqual({
    status: missingSecretCode,
    stderr: 'model has no key KEY\n',
    stdout: '',
  });
});
