/** What a turn and an exec say of themselves when their sandbox is lost: whether they may have begun (I4). */
import { describe, expect, test } from 'vitest';
import { runExec } from '../../src/activities/exec.ts';
import { runTurn } from '../../src/activities/turn.ts';
import { SandboxLost } from '../../src/sandbox/errors.ts';
import { about, turnInput } from './support/inputs.ts';
import { attemptNumber, depsWith, scriptedSandbox } from './support/scripted-sandbox.ts';
import type { CommandEnd } from './support/scripted-sandbox.ts';
import { storeOfTest } from './support/store-of-test.ts';
import { answersStatus, dies, refuses } from './support/supervisor-answers.ts';

const { store } = storeOfTest();

const works = {
  turn: async (run: (command: string) => CommandEnd, attempt: number) =>
    runTurn(depsWith(store(), scriptedSandbox(run)), turnInput, attemptNumber(attempt)),
  exec: async (run: (command: string) => CommandEnd, attempt: number) =>
    runExec(
      depsWith(store(), scriptedSandbox(run)),
      { ...about, exec: { id: 't', argv: ['make'], timeoutSeconds: 60 } },
      attemptNumber(attempt),
    ),
};

const gone = (): never => {
  throw new SandboxLost('sb-1', 'killed');
};

describe.each(['turn', 'exec'] as const)('a lost sandbox: the %s', (kind) => {
  test('has not begun when the request did not get into it', async () => {
    expect(await works[kind](gone, 1)).toMatchObject({ kind: 'sandbox-lost', started: false });
  });

  test('may have begun when the request got into it, though no word came out', async () => {
    expect(await works[kind](() => dies, 1)).toMatchObject({ kind: 'sandbox-lost', started: true });
  });

  test('may have begun when an attempt before this one may have sent it', async () => {
    expect(await works[kind](gone, 2)).toMatchObject({ kind: 'sandbox-lost', started: true });
  });

  test('may have begun when the request was cut before', async () => {
    const cut = (command: string): CommandEnd => (/turns|exec/.test(command) ? { code: 18 } : gone());
    expect(await works[kind](cut, 1)).toMatchObject({ kind: 'sandbox-lost', started: true });
  });

  test('has not begun when nobody listened', async () => {
    // curl's exit code for a socket at which nobody listens.
    const deaf = (command: string): CommandEnd => (/turns|exec/.test(command) ? { code: 7 } : gone());
    expect(await works[kind](deaf, 1)).toMatchObject({ kind: 'sandbox-lost', started: false });
  });

  test('has not begun when the supervisor refused it and was being started again', async () => {
    const restarted = (command: string): CommandEnd => {
      if (command.includes('/status')) return answersStatus({ started: false });
      return /turns|exec/.test(command) ? refuses('not-started') : dies;
    };
    expect(await works[kind](restarted, 1)).toMatchObject({ kind: 'sandbox-lost', started: false });
  });
});

test('a turn has begun when the event log says so, whoever wrote it there', async () => {
  await store().events.appendOwn('s', [
    {
      eventId: 'x',
      at: new Date().toISOString(),
      generation: 1,
      turnId: 't',
      body: { type: 'turn.started', data: {} },
    },
  ]);
  expect(await works.turn(gone, 1)).toMatchObject({ kind: 'sandbox-lost', started: true });
});
