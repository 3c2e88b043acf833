/** What the agent's user can reach from inside its sandbox, tried as that user by a real tool call or exec. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { controlSandboxes, supervisorPid } from '../support/emulator-control.ts';
import { filesBelow } from '../support/files-below.ts';
import { count, eventually, readLog } from '../support/log-checks.ts';
import { sharedStack } from '../support/stack.ts';
import { openWorld } from '../support/world.ts';

const run = promisify(execFile);

test('keeps the credentials from the agent: environment, memory, control socket and git', async () => {
  await using world = await openWorld();
  const session = await world.session();
  await session.prompt('!say ready').result();
  const { git, model } = sharedStack();
  const shell = async (command: string) => session.exec(['bash', '-c', `${command} 2>&1`]);

  const who = await shell('id -un; id -u');
  expect(who.output).toBe('agent\n10001\n');

  const own = await shell(
    'env; cat /proc/[0-9]*/environ | tr "\\0" "\\n"; cat /proc/[0-9]*/cmdline | tr "\\0" "\\n"',
  );
  expect(own.output).not.toContain(git.token);
  expect(own.output).not.toContain(model.credential);

  const supervisor = `$(${supervisorPid})`;
  expect((await shell(`cat /proc/${supervisor}/environ`)).output).toContain('Permission denied');
  expect((await shell(`cat /proc/${supervisor}/mem`)).output).toContain('Permission denied');
  expect(
    (
      await shell(
        'curl -s --unix-socket /run/harvest/supervisor.sock http://supervisor/status || echo refused',
      )
    ).output,
  ).toContain('refused');
  expect((await shell('ls /var/lib/harvest')).output).toContain('Permission denied');

  // The sandbox shares the emulator's network: without its credentials it must not command it.
  const modal = sharedStack().modal.url.replace('http://', '');
  // An empty message in gRPC's frame of five bytes.
  const start = `printf '\\0\\0\\0\\0\\0' | curl -s --http2-prior-knowledge -o /dev/null -w '%{http_code} %header{grpc-status}' -X POST -H 'content-type: application/grpc' -H 'te: trailers' -H 'x-modal-token-id: ak-guess' -H 'x-modal-token-secret: as-guess' --data-binary @- http://${modal}/modal.client.ModalClient/SandboxListV2`;
  expect((await shell(start)).output).toContain('200 16');

  const filled = await shell(`printf 'url=${git.url}\\n\\n' | GIT_TERMINAL_PROMPT=0 git credential fill`);
  expect(filled.output).not.toContain(git.token);
  expect(filled.output).not.toContain('password=');
});

test('refuses pushes to other branches and other repositories, by path and with flags', async () => {
  await using world = await openWorld();
  const repository = await world.repository();
  const other = await world.repository();
  const session = await world.session({ repository });
  const shell = async (command: string) => session.exec(['bash', '-c', `${command} 2>&1; echo "exit $?"`]);
  const heads = async (url: string) => {
    const name = url.split('/').at(-1) ?? '';
    return (
      await run('git', [
        '-C',
        join(sharedStack().git.directory, name),
        'for-each-ref',
        '--format=%(refname) %(objectname)',
      ])
    ).stdout;
  };
  const [before, otherBefore] = [await heads(repository), await heads(other)];
  await shell('git commit -q --allow-empty -m work');
  for (const push of [
    'git push origin HEAD:main',
    'git push --force origin HEAD:main',
    'git push origin HEAD:refs/heads/feature',
    'git push origin HEAD:refs/tags/v9',
    'git push origin :main',
    `git push origin HEAD:harvest/${session.id} HEAD:main`,
    `git push ${repository} HEAD:main`,
    `git push --receive-pack=git-receive-pack ${repository} HEAD:main`,
    `git push ${other} HEAD:harvest/${session.id}`,
    `git -c url.x.insteadOf=y push ${other} HEAD:main`,
  ]) {
    const { output } = await shell(`GIT_TERMINAL_PROMPT=0 ${push}`);
    expect(output, push).not.toMatch(/exit 0\n$/);
  }
  expect(await heads(repository)).toBe(before);
  expect(await heads(other)).toBe(otherBefore);
  expect(count(await readLog(session), 'git.push-refused')).toBeGreaterThan(0);

  expect((await shell('git push -q origin HEAD')).output).toBe('exit 0\n');
  expect(await heads(repository)).toContain(`refs/heads/harvest/${session.id}`);
});

test('writes a credential nowhere: not to Temporal, the store, the emulator, logs or arguments', async () => {
  const canary = `ghp_${randomBytes(18).toString('hex')}`;
  await using world = await openWorld();
  const { git, model } = sharedStack();
  const session = await world.harvest.createSession({
    repositories: [{ url: await world.repository(), branch: 'main' }],
    user: { name: 'Ada', email: 'ada@example.com' },
    credentials: { github: git.token, claude: model.credential },
  });
  // What the agent prints passes the redactor too, whatever it came from.
  await session
    .prompt(
      `!bash echo "the token is ${canary.slice(0, 10)}""${canary.slice(10)}" | tee printed.txt\n!say-result`,
    )
    .result();
  await session.pause();
  const args = (await run('ps', ['-eo', 'args'])).stdout;
  const log = JSON.stringify(await readLog(session));
  const history = JSON.stringify(await world.history(session.id));
  const workerLog = world.workers.flatMap((worker) => worker.tail).join('\n');
  for (const text of [args, log, history, workerLog]) {
    expect(text).not.toContain(git.token);
    expect(text).not.toContain(model.credential);
  }
  expect(log).not.toContain(canary);
  expect(log).toContain('[redacted');
  for (const secret of [git.token, model.credential]) {
    await expectNowhereBelow(world.dataDirectory, secret);
    await expectNowhereBelow(sharedStack().directory, secret);
  }
  expect(await controlSandboxes().list(session.id)).toEqual([]);
  await session.terminate();
});

test('does not send what belongs to the worker to a server it is not for', async () => {
  const asked: http.IncomingMessage[] = [];
  const attacker = http.createServer((request, response) => {
    asked.push(request);
    response.writeHead(401, { 'www-authenticate': 'Basic' }).end();
  });
  attacker.listen(0, '127.0.0.1');
  await once(attacker, 'listening');
  const host = `127.0.0.1:${(attacker.address() as AddressInfo).port}`;
  try {
    await using world = await openWorld({ worker: false });
    const { git, model } = sharedStack();
    await world.startWorker({
      GITHUB_TOKEN: git.token,
      ANTHROPIC_API_KEY: model.credential,
      HARVEST_CREDENTIAL_VARIABLES: `github:GITHUB_TOKEN@${new URL(git.url).host},claude:ANTHROPIC_API_KEY`,
    });
    const variable = (name: string) => ({ from: 'environment', variable: name }) as const;
    const secret = { from: 'modal-secret', name: 'of-somebody-else', key: 'KEY' } as const;
    for (const [credentials, sentence] of [
      [{ github: variable('ANTHROPIC_API_KEY') }, 'no entry github:ANTHROPIC_API_KEY'],
      [{ github: variable('GITHUB_TOKEN') }, `does not send its variable GITHUB_TOKEN to ${host}`],
      [{ claude: variable('GITHUB_TOKEN') }, 'no entry claude:GITHUB_TOKEN'],
      [{ github: secret }, 'its HARVEST_MODAL_SECRETS has no entry github:of-somebody-else/KEY'],
    ] as const) {
      const session = await world.harvest.createSession({
        repositories: [{ url: `http://${host}/x` }],
        user: { name: 'Ada', email: 'ada@example.com' },
        credentials,
      });
      await eventually(
        () => session.state(),
        (state) => state.status === 'closed',
      );
      const closed = (await readLog(session)).find((event) => event.type === 'session.closed');
      expect(closed?.data).toMatchObject({
        reason: 'start-failed',
        message: expect.stringContaining(sentence),
      });
      await eventually(
        () => controlSandboxes().list(session.id),
        (left) => left.length === 0,
      );
    }
  } finally {
    attacker.close();
    attacker.closeAllConnections();
  }
  expect(asked).toEqual([]);
});

test('sends a variable of the worker and a named Modal secret to the servers they are for', async () => {
  await using world = await openWorld({ worker: false });
  const { git, model, modal } = sharedStack();
  const name = `git-${randomBytes(6).toString('hex')}`;
  const { status } = await fetch(`${modal.controlUrl}/secrets`, {
    method: 'POST',
    body: JSON.stringify({ name, values: { PASSWORD: git.token } }),
  });
  expect(status).toBe(200);
  await world.startWorker({
    ANTHROPIC_API_KEY: model.credential,
    HARVEST_MODAL_SECRETS: `github:${name}/PASSWORD@${new URL(git.url).host}`,
  });
  const session = await world.harvest.createSession({
    repositories: [{ url: await world.repository(), branch: 'main' }],
    user: { name: 'Ada', email: 'ada@example.com' },
    credentials: {
      github: { from: 'modal-secret', name, key: 'PASSWORD' },
      claude: { from: 'environment', variable: 'ANTHROPIC_API_KEY' },
    },
  });
  expect(await session.prompt('!say it works').result()).toMatchObject({
    status: 'completed',
    text: 'it works',
  });
  expect((await session.exec(['env'])).output).not.toContain(git.token);
  await session.terminate();
});

/** Reads every file, binary ones too; but for the base image's, which are linked from the cache and older than the secret. */
async function expectNowhereBelow(directory: string, secret: string): Promise<void> {
  const needle = Buffer.from(secret);
  let read = 0;
  for await (const path of filesBelow(directory)) {
    if ((await stat(path).catch(() => null))?.nlink !== 1) continue;
    const bytes = await readFile(path).catch(() => Buffer.alloc(0));
    expect(bytes.includes(needle), path).toBe(false);
    read += 1;
  }
  expect(read).toBeGreaterThan(0);
}
