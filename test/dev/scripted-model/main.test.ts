import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { token } from './model.ts';

const main = fileURLToPath(new URL('../../../src/dev/scripted-model/main.ts', import.meta.url));

async function start() {
  const child = spawn(process.execPath, [main, '--port', '0'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  child.stdin.write(`${JSON.stringify({ credential: token })}\n`);
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { child, exited, url: (JSON.parse(line) as { url: string }).url };
}

test('the model runs as a process, says where, checks the credential it was given, and ends with SIGTERM', async () => {
  const { child, exited, url } = await start();
  const refused = await fetch(`${url}/v1/messages`, { method: 'POST', body: '{}' });
  expect(refused.status).toBe(401);
  const accepted = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'anthropic-beta': 'oauth-2025-04-20',
      'anthropic-version': '1',
    },
    body: JSON.stringify({ model: 'm', max_tokens: 1, messages: [{ role: 'user', content: 'a' }] }),
  });
  expect(accepted.status).toBe(200);
  child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
});

test('the process ends when the one that started it is gone', async () => {
  const { child, exited } = await start();
  child.stdin.end();
  expect(await exited).toEqual([0, null]);
});
