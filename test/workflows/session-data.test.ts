import { describe, expect, test } from 'vitest';
import { bounds } from '../../src/contracts/bounds.ts';
import { admitExec, admitPrompt } from '../../src/workflows/admission.ts';
import { endedKept } from '../../src/workflows/remember.ts';
import {
  carriedOf,
  askForPause,
  askForSandbox,
  newSessionData,
  sessionDataSchema,
} from '../../src/workflows/session-data.ts';
import type { SessionData } from '../../src/workflows/session-data.ts';

const now = '2026-01-01T00:00:00.000Z';

describe('what is carried to the next run (I9)', () => {
  test('is the same after its way through JSON', () => {
    const data = newSessionData(now);
    expect(sessionDataSchema.parse(JSON.parse(JSON.stringify(data)))).toEqual(data);
  });

  test('leaves out the oldest ended turns and execs when it is large, and nothing else', () => {
    const data = fullData();
    const carried = carriedOf(data);
    expect({ ...carried, endedTurns: data.endedTurns, endedExecs: data.endedExecs }).toEqual(data);
    expect(carried.endedTurns.length).toBeLessThan(endedKept);
    const left = data.endedTurns.length - carried.endedTurns.length;
    expect(carried.endedTurns).toEqual(data.endedTurns.slice(left));
    const small = { ...newSessionData(now), endedTurns: data.endedTurns.slice(0, 3) };
    expect(carriedOf(small)).toEqual(small);
  });

  test('is below the 2 MiB of Temporal when every bound is reached', () => {
    const json = JSON.stringify(carriedOf(sessionDataSchema.parse(fullData())));
    expect(Buffer.byteLength(json)).toBeLessThan(2 * 1024 * 1024);
  });
});

/** A session that takes nothing more, and remembers all it can. */
function fullData(): SessionData {
  const data = newSessionData(now);
  const counters = { restarts: 2, continuations: 2, falseStarts: 2 };
  // JSON writes six bytes for each.
  const text = '\u0001'.repeat(bounds.promptCharacters);
  const argv = ['\u0001'.repeat(bounds.execArgumentCharacters)];
  const idOf = (number: number): string => String(number).padStart(100, 'p');
  for (let number = 0; admitPrompt(data, { id: idOf(number), text }).answer === 'take'; number += 1)
    data.queue.push({ id: idOf(number), text, ...counters });
  for (let number = 0; ; number += 1) {
    const exec = { id: idOf(number), argv, timeoutSeconds: 1 };
    if (admitExec(data, exec).answer !== 'take') break;
    data.pendingExecs.push({ ...exec, falseStarts: 2 });
  }
  const ids = Array.from({ length: bounds.handledPromptIds }, (_, index) => idOf(index));
  const handled = ids.map((id) => ({ id, hash: 'h'.repeat(32) }));
  const answer = '\u0001'.repeat(bounds.answerTailBytes);
  const ended = ids.slice(0, endedKept);
  return {
    ...data,
    handled,
    handledExecs: handled,
    endedTurns: ended.map((turnId) => ({ turnId, outcome: { status: 'completed' }, answer, costUsd: 0.1 })),
    endedExecs: ended.map((execId) => ({
      execId,
      outcome: { status: 'exited', exitCode: 0 },
      output: answer,
    })),
  };
}

describe('a pause', () => {
  test('takes back what asked for a sandbox before it', () => {
    const data = newSessionData(now);
    askForSandbox(data);
    askForPause(data, 'requested');
    expect(data.asked).toMatchObject({ pause: 'requested', resume: false });
  });

  test.each([
    { reason: 'idle', left: 'no' },
    { reason: 'requested', left: 'requested' },
  ] as const)(
    'asked for as "$reason" becomes "$left" when something then needs the sandbox',
    ({ reason, left }) => {
      const data = newSessionData(now);
      askForPause(data, reason);
      askForSandbox(data);
      expect(data.asked).toMatchObject({ pause: left, resume: true });
    },
  );
});
