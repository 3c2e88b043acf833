import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { count, eventually, expectWholeLog, readLog } from '../support/log-checks.ts';
import { sharedStack } from '../support/stack.ts';
import { openWorld } from '../support/world.ts';

const run = promisify(execFile);

test('creates, prompts, pauses, restores and terminates a session, and its pushes reach the git server', async () => {
  await using world = await openWorld();
  const repository = await world.repository();
  const session = await world.session({ repository });

  const first = await session
    .prompt(
      'Remember the word "marmalade".\n!bash echo one >> lines.txt && git add lines.txt && git commit -qm "add a line" && git push -q origin HEAD\n!bash echo note > NOTES.md\n!say done',
      { id: 'first' },
    )
    .result();
  expect(first).toMatchObject({ status: 'completed', text: 'done' });
  expect(first.costUsd).toBeGreaterThan(0);

  await session.pause();
  expect(await session.state()).toMatchObject({ status: 'paused', sandboxId: null, generation: 1 });

  const second = await session
    .prompt('Which word?\n!bash cat NOTES.md lines.txt\n!recall word "([a-z]+)"', { id: 'second' })
    .result();
  expect(second).toMatchObject({ status: 'completed' });
  expect(second.text).toContain('marmalade');
  // The turn's end is in the event log a moment before the workflow hears of it.
  expect(
    await eventually(
      () => session.state(),
      ({ status }) => status === 'idle',
    ),
  ).toMatchObject({ generation: 2, turns: 2 });

  const exec = await session.exec(['git', 'status', '--short']);
  expect(exec.output).toContain('?? NOTES.md');

  await session.terminate();
  const events = await readLog(session);
  expectWholeLog(events);
  expect(count(events, 'git.pushed')).toBe(1);
  expect(count(events, 'turn.restarted') + count(events, 'turn.continued')).toBe(0);

  const name = repository.split('/').at(-1) ?? '';
  const log = await run('git', [
    '-C',
    `${sharedStack().git.directory}/${name}`,
    'log',
    '-1',
    '--format=%an <%ae> %s',
    `harvest/${session.id}`,
  ]);
  expect(log.stdout.trim()).toBe('Ada (Harvest) <ada@example.com> add a line');
});

test('runs queued prompts in order and goes on after an interrupt', async () => {
  await using world = await openWorld();
  const session = await world.session();
  const long = session.prompt('!sleep-bash 600', { id: 'long' });
  await long.accepted;
  const queued = session.prompt('!say after', { id: 'queued' });
  expect(await queued.accepted).toEqual({ turnId: 'queued', position: 1 });
  for await (const event of session.events()) if (event.type === 'tool.started') break;
  await session.interrupt('long');
  expect(await long.result()).toMatchObject({ status: 'interrupted' });
  expect(await queued.result()).toMatchObject({ status: 'completed', text: 'after' });
  expectWholeLog(await readLog(session));
});

test('keeps two sessions apart: files, processes and events', async () => {
  await using world = await openWorld();
  const [one, two] = await Promise.all([world.session(), world.session()]);
  await Promise.all([
    one
      .prompt(
        '!bash echo secret-of-one > /tmp/one.txt; echo secret-of-one > one.txt; sleep 300 >/dev/null 2>&1 &',
      )
      .result(),
    two.prompt('!say ready').result(),
  ]);
  const look = await two.exec([
    'sh',
    '-c',
    'ls /tmp /workspace/*; ps -eo args; cat /proc/[0-9]*/environ 2>/dev/null | tr "\\0" "\\n"',
  ]);
  expect(look.output).not.toContain('one.txt');
  expect(look.output).not.toContain('sleep 300');
  expect(look.output).not.toContain(one.id);
  expect(JSON.stringify(await readLog(two))).not.toContain('secret-of-one');
});
