/** Saying something within a running turn: told once, or certainly not. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { steerTurn } from '../../src/activities/steer.ts';
import { SandboxLost } from '../../src/sandbox/errors.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import { ownEvent } from '../store/conformance/material.ts';
import { temporaryFolder } from '../store/temporary-folder.ts';
import { attemptNumber, depsWith, scriptedSandbox, sessionOf } from './scripted-sandbox.ts';
import type { CommandEnd } from './scripted-sandbox.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let store: Store;

beforeEach(async () => {
  folder = await temporaryFolder();
  store = await openStore({ dataDirectory: folder.path });
});
afterEach(async () => {
  await store.close();
  await folder[Symbol.asyncDispose]();
});

const about = { sessionId: 's', session: sessionOf(), events: [], generation: 1, sandboxId: 'sb-1' };
const input = { ...about, turnId: 't', steer: { promptId: 'p', text: 'the other way' } };

async function steer(run: (command: string) => CommandEnd) {
  return steerTurn(depsWith(store, scriptedSandbox(run)), input, attemptNumber(1));
}

const answers = (value: unknown): CommandEnd => ({ code: 0, output: JSON.stringify(value) });
const status = answers({
  supervisorVersion: 'v',
  runtimeVersion: '1',
  started: true,
  generation: 1,
  journalBytes: 0,
  turnId: 't',
});

test.each([true, false])('what the supervisor answers is the answer: %s', async (steered) => {
  expect(await steer(() => answers({ steered }))).toEqual({ steered });
});

test('a turn that is still on its way to the supervisor is waited for', async () => {
  const refusal = { code: 22, output: JSON.stringify({ error: 'unknown', message: 'no such turn' }) };
  const steers = [refusal, refusal, answers({ steered: true })];
  expect(await steer(() => steers.shift() ?? { code: 1 })).toEqual({ steered: true });
});

test('a cut request is sent again, and the supervisor knows what it has said', async () => {
  const steers = [{ code: 52 }, { code: 7 }, answers({ steered: true })];
  const sent = await steer((command) =>
    command.includes('/steer') ? (steers.shift() ?? { code: 1 }) : status,
  );
  expect(sent).toEqual({ steered: true });
  expect(steers).toEqual([]);
});

test('a sandbox that is lost leaves it open, unless the event log has it', async () => {
  const dies = (): CommandEnd => ({ code: 137, sandboxEnds: true });
  await expect(steer(dies)).rejects.toThrow(SandboxLost);
  const other = { type: 'turn.steered', data: { promptId: 'other' } } as const;
  await store.events.appendOwn('s', [ownEvent('turn-end:other', { body: other, turnId: 't' })]);
  await expect(steer(dies)).rejects.toThrow(SandboxLost);
  const told = { type: 'turn.steered', data: { promptId: 'p' } } as const;
  await store.events.appendOwn('s', [ownEvent('turn-end:p', { body: told, turnId: 't' })]);
  expect(await steer(dies)).toEqual({ steered: true });
});
