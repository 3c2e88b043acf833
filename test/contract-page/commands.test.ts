import { execFile } from 'node:child_process';
import { delimiter, dirname } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { expectWholeLog } from '../support/log-checks.ts';
import { sharedStack } from '../support/stack.ts';
import { openWorld } from '../support/world.ts';
import { contractBlocks, variablesOf } from './contract-document.ts';

const run = promisify(execFile);

test('the commands of docs/contract.md work as they stand there', { timeout: 240_000 }, async () => {
  await using world = await openWorld({ worker: false });
  const { model, git } = sharedStack();
  // The page's example names the credentials as variables of the worker.
  await world.startWorker({
    GITHUB_TOKEN: git.token,
    CLAUDE_CODE_OAUTH_TOKEN: model.credential,
    HARVEST_CREDENTIAL_VARIABLES: `github:GITHUB_TOKEN@${new URL(git.url).host},claude:CLAUDE_CODE_OAUTH_TOKEN`,
  });
  const sessionId = 'contract-example';
  const settings: Record<string, string> = {
    TEMPORAL_ADDRESS: world.temporal.address,
    TEMPORAL_NAMESPACE: world.temporal.namespace,
    TASK_QUEUE: world.taskQueue,
    SESSION_ID: sessionId,
    REPOSITORY: await world.repository(),
    BRANCH: 'main',
    PROMPT: '!say done',
  };
  const blocks = await contractBlocks();
  expect(variablesOf(blocks.get('settings') ?? '').sort()).toEqual(Object.keys(settings).sort());

  const binaries = dirname(sharedStack().temporal.binary);
  const environment = {
    ...process.env,
    ...settings,
    PATH: `${binaries}${delimiter}${process.env['PATH'] ?? ''}`,
  };
  const output = async (name: string): Promise<string> => {
    const commands = `set -euo pipefail\n${blocks.get(name) ?? 'false'}`;
    const { stdout } = await run('bash', ['-c', commands], { env: environment, timeout: 60_000 });
    return stdout;
  };

  expect(await output('start')).toContain(`session-${sessionId}`);
  expect(await output('prompt')).toContain('turnId:prompt-1');
  expect(await output('signal')).toContain('succeeded');
  expect(await output('wait')).toMatch(/"answer":"done".*"status":"completed"/);
  expect(await output('state')).toMatch(/"status":"idle".*"turns":2/);
  expect(await output('exec')).toMatch(/"exitCode":0/);
  // Something runs that can be steered, waited for and interrupted.
  const session = world.harvest.session(sessionId);
  const busy = async (id: string): Promise<void> => {
    for await (const event of session.prompt('!sleep-bash 600', { id }))
      if (event.type === 'tool.started') return;
  };
  await busy('steered');
  expect(await output('steer')).toContain('steers:steered');
  // The agent may have given its command up for what was said.
  await session.interrupt('steered');
  await session.turn('prompt-3').result();
  await busy('busy');
  expect(await output('cancel')).toMatch(/position:1 .*accepted:true/s);
  expect(await output('interrupt')).toContain('turnId:busy');
  expect(await session.turn('prompt-4').result()).toMatchObject({ status: 'cancelled' });
  expect(await output('checkpoint')).toContain('accepted:true');
  expect(await output('pause')).toContain('accepted:true');
  expect(await output('resume')).toContain('accepted:true');
  expect(await output('rewind')).toContain('accepted:true');
  expect(await output('fork')).toMatch(/sessionId.*session-contract-example-fork/s);
  const fork = world.harvest.session(`${sessionId}-fork`);
  expect(await fork.resume()).toMatchObject({ status: 'idle', costUsd: (await session.state()).costUsd });
  await fork.terminate();
  // Nothing of the session it comes from.
  expectWholeLog(await Array.fromAsync(fork.events()));
  expect(await output('budget')).toContain('accepted:true');
  expect(await session.state()).toMatchObject({ budgetUsd: 20 });
  // The visibility records may lag by a moment.
  await expect.poll(async () => output('list'), { timeout: 90_000 }).toContain(`session-${sessionId}`);
  expect(await output('terminate')).toContain('COMPLETED');
  expect(await output('code')).toMatch(
    /"status":"success".*"stdout":"42\\n"|"stdout":"42\\n".*"status":"success"/s,
  );

  expect([...blocks.keys()].join(' ')).toBe(
    'settings start prompt signal steer cancel wait state exec interrupt checkpoint pause resume rewind fork budget list terminate code',
  );
});
