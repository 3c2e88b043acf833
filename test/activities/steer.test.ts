/** Saying something within a running turn: told once, or certainly not. */
import { expect, test } from 'vitest';
import { steerTurn } from '../../src/activities/steer.ts';
import { SandboxLost } from '../../src/sandbox/errors.ts';
import { ownEvent } from '../store/conformance/material.ts';
import { about } from './support/inputs.ts';
import { attemptNumber, depsWith, scriptedSandbox } from './support/scripted-sandbox.ts';
import type { CommandEnd } from './support/scripted-sandbox.ts';
import { storeOfTest } from './support/store-of-test.ts';
import { answers, answersStatus, dies, refuses } from './support/supervisor-answers.ts';

const { store } = storeOfTest();

const input = { ...about, turnId: 't', steer: { promptId: 'p', text: 'the other way' } };

async function steer(run: (command: string) => CommandEnd) {
  return steerTurn(depsWith(store(), scriptedSandbox(run)), input, attemptNumber(1));
}

test.each([true, false])('what the supervisor answers is the answer: %s', async (steered) => {
  expect(await steer(() => answers({ steered }))).toEqual({ steered });
});

test('a turn that is still on its way to the supervisor is waited for', async () => {
  const steers = [refuses('unknown'), refuses('unknown'), answers({ steered: true })];
  expect(await steer(() => steers.shift() ?? { code: 1 })).toEqual({ steered: true });
});

test('a cut request is sent again, and the supervisor knows what it has said', async () => {
  const steers = [{ code: 52 }, { code: 7 }, answers({ steered: true })];
  const sent = await steer((command) =>
    command.includes('/steer') ? (steers.shift() ?? { code: 1 }) : answersStatus({ turnId: 't' }),
  );
  expect(sent).toEqual({ steered: true });
  expect(steers).toEqual([]);
});

test('a sandbox that is lost leaves it open, unless the event log has it', async () => {
  await expect(steer(() => dies)).rejects.toThrow(SandboxLost);
  const other = { type: 'turn.steered', data: { promptId: 'other' } } as const;
  await store().events.appendOwn('s', [ownEvent('turn-end:other', { body: other, turnId: 't' })]);
  await expect(steer(() => dies)).rejects.toThrow(SandboxLost);
  const told = { type: 'turn.steered', data: { promptId: 'p' } } as const;
  await store().events.appendOwn('s', [ownEvent('turn-end:p', { body: told, turnId: 't' })]);
  expect(await steer(() => dies)).toEqual({ steered: true });
});
