/** Interrupting a turn: asked until the supervisor took it, unless there is nothing left to interrupt. */
import { expect, test } from 'vitest';
import { interruptTurn } from '../../src/activities/interrupt.ts';
import { ProviderUnavailable } from '../../src/sandbox/errors.ts';
import { checkpoint } from '../store/conformance/material.ts';
import { about } from './support/inputs.ts';
import { depsWith, scriptedSandbox } from './support/scripted-sandbox.ts';
import type { CommandEnd, ScriptedSandbox } from './support/scripted-sandbox.ts';
import { storeOfTest } from './support/store-of-test.ts';
import { answers, dies, refuses } from './support/supervisor-answers.ts';

const { store } = storeOfTest();

const input = { ...about, turnId: 't', reason: { kind: 'requested' } as const };
const taken = answers({ interrupted: true });
const notThere = answers({ interrupted: false });

/** The last answer is the one to all further requests. */
async function interrupt(...ends: [CommandEnd, ...CommandEnd[]]): Promise<ScriptedSandbox> {
  const left = [...ends];
  const sandbox = scriptedSandbox(() => (left.length > 1 ? left.shift() : left[0]) ?? ends[0]);
  await interruptTurn(depsWith(store(), sandbox), input, AbortSignal.timeout(60_000));
  return sandbox;
}

test('a turn that is still on its way to the supervisor is waited for', async () => {
  const { commands } = await interrupt({ code: 7 }, refuses('not-started'), notThere, taken);
  expect(commands).toHaveLength(4);
});

test.each(['turn-t', 'suspended-t-g1'])('a turn that ended as %s is left alone', async (checkpointId) => {
  await store().checkpoints.save(checkpoint(checkpointId));
  expect((await interrupt(notThere)).commands).toHaveLength(1);
});

test('a turn whose sandbox is lost is left alone', async () => {
  expect((await interrupt(dies)).commands).toHaveLength(1);
});

test('an answer of another form, and a failure of the provider, are no end of it', async () => {
  await expect(interrupt(answers({ interrupted: 'soon' }))).rejects.toThrow('boolean');
  const unavailable = scriptedSandbox(() => {
    throw new ProviderUnavailable('Modal does not answer');
  });
  const interrupting = interruptTurn(depsWith(store(), unavailable), input, AbortSignal.timeout(60_000));
  await expect(interrupting).rejects.toThrow(ProviderUnavailable);
});
