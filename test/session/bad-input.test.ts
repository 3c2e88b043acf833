/** Mistakes a caller makes: each gets one clear sentence and leaves no sandbox behind. */
import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { PromptRejected, SessionClosed } from '../../src/client.ts';
import { controlSandboxes } from '../support/emulator-control.ts';
import { eventually, readLog } from '../support/log-checks.ts';
import { sharedStack } from '../support/stack.ts';
import { openWorld } from '../support/world.ts';

const ids: string[] = [];
const newId = (): string => {
  const id = `bad-${randomBytes(5).toString('hex')}`;
  ids.push(id);
  return id;
};

afterEach(async () => {
  for (const id of ids.splice(0))
    await eventually(
      () => controlSandboxes().list(id),
      (left) => left.length === 0,
    );
});

describe('a start that cannot succeed', () => {
  test.each([
    ['an unknown repository', { url: (base: string) => `${base}/nowhere.git` }, /nowhere\.git/],
    ['a missing branch', { branch: 'no-such-branch' }, /no-such-branch/],
    ['a wrong password', { github: 'wrong-password' }, /credential|password|denied/i],
  ] as const)('closes the session and names %s', async (_, mistake, sentence) => {
    await using world = await openWorld();
    const { git, model } = sharedStack();
    const sessionId = newId();
    const url = 'url' in mistake ? mistake.url(git.url) : await world.repository();
    const session = await world.harvest.createSession({
      sessionId,
      repositories: [{ url, branch: 'branch' in mistake ? mistake.branch : 'main' }],
      user: { name: 'Ada', email: 'ada@example.com' },
      credentials: { github: 'github' in mistake ? mistake.github : git.token, claude: model.credential },
    });
    const failure = await session
      .prompt('!say hello')
      .result()
      .catch((error: unknown) => error);
    expect(JSON.stringify(failure) + String(failure)).toMatch(sentence);
    await eventually(
      () => session.state(),
      (state) => state.status === 'closed',
    );
    const closed = (await readLog(session)).find((event) => event.type === 'session.closed');
    expect(closed?.data.reason).toBe('start-failed');
    expect(closed?.data.message).toMatch(sentence);
    expect(closed?.data.message).not.toContain('\n');
  });
});

describe('a message over its bounds', () => {
  test('is refused with a sentence, and the session goes on', async () => {
    await using world = await openWorld();
    const session = await world.session({ sessionId: newId() });
    await expect(session.prompt('').accepted).rejects.toThrow('a prompt is not empty');
    await expect(session.prompt('x'.repeat(64_001)).accepted).rejects.toThrow('at most 64000 characters');

    await session.prompt('!say once', { id: 'same' }).result();
    await expect(session.prompt('!say twice', { id: 'same' }).accepted).rejects.toThrow(PromptRejected);

    await session.prompt('!sleep-bash 600', { id: 'long' }).accepted;
    await eventually(
      () => session.state(),
      (state) => state.status === 'running',
    );
    for (let index = 0; index < 19; index += 1)
      await session.prompt('!say queued', { id: `queued-${index}` }).accepted;
    await expect(session.prompt('!say too many', { id: 'queued-20' }).accepted).rejects.toThrow(
      'the queue is full (20 prompts)',
    );

    await session.terminate();
    await expect(session.prompt('!say late').accepted).rejects.toThrow(SessionClosed);
  });

  test('a malformed signal becomes an event', async () => {
    await using world = await openWorld();
    const session = await world.session({ sessionId: newId() });
    await world.signal(session.id, 'prompt', { id: 'bad id!', text: 7 });
    await session.prompt('!say fine').result();
    expect((await readLog(session)).map((event) => event.type)).toContain('prompt.rejected');
  });

  test('a bad session id never reaches Temporal', async () => {
    await using world = await openWorld({ worker: false });
    await expect(world.session({ sessionId: 'Not_Good' })).rejects.toThrow(
      'a session id is 1 to 40 characters',
    );
  });
});
